import { integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { bands } from './bands'
import { edited, oneOf, scopeIndexes } from './columns'

const STATUSES = ['idea', 'learning', 'ready', 'retired'] as const

export const songs = pgTable(
  'songs',
  {
    ...edited(),
    band_id: uuid()
      .notNull()
      .references(() => bands.id),
    title: text().notNull(),
    artist: text(),
    key: text(),
    tempo_bpm: integer(),
    duration_ms: integer(),
    tuning: text(),
    status: text({ enum: STATUSES }).notNull().default('idea'),
    tags: text().array().notNull().default([]),
    lyrics: text(),
    notes: text(),
  },
  (t) => [oneOf('songs', t.status, STATUSES), ...scopeIndexes('songs', t.band_id, t)],
)
