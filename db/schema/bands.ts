import { pgTable, text } from 'drizzle-orm/pg-core'
import { edited } from './columns'

export const bands = pgTable('bands', {
  ...edited(),
  name: text().notNull(),
  context_audience: text(),
  context_pitch: text(),
  context_challenges: text().array().notNull().default([]),
  context_goals: text().array().notNull().default([]),
})
