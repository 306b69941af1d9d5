import { integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { bands } from './bands'
import { edited } from './columns'

export const projects = pgTable('projects', {
  ...edited(),
  band_id: uuid().references(() => bands.id),
  name: text().notNull(),
  duration_samples: integer().notNull().default(0),
  sample_rate: integer().notNull().default(44100),
  notes: text(),
})
