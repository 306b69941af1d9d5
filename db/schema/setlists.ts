import { jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { bands } from './bands'
import { edited, emptyList, scopeIndexes, timestamptz3 } from './columns'
import { users } from './users'

/** One line of a setlist. */
export interface SetlistItem {
  id: string
  kind: 'song' | 'break' | 'note'
  song_id?: string
  text?: string
  duration_ms?: number
}

export const setlists = pgTable(
  'setlists',
  {
    ...edited(),
    band_id: uuid()
      .notNull()
      .references(() => bands.id),
    name: text().notNull(),
    notes: text(),
    items: jsonb().$type<SetlistItem[]>().notNull().default(emptyList),
    locked_by: uuid().references(() => users.id),
    locked_at: timestamptz3(),
  },
  (t) => [...scopeIndexes('setlists', t.band_id, t)],
)
