import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { bands } from './bands'
import { edited, emptyList, scopeIndexes, timestamptz3 } from './columns'

/** One point of a practice's agenda. */
export interface AgendaItem {
  id: string
  text: string
  song_id?: string
  duration_ms?: number
}

export const practices = pgTable(
  'practices',
  {
    ...edited(),
    band_id: uuid()
      .notNull()
      .references(() => bands.id),
    starts_at: timestamptz3(),
    ends_at: timestamptz3(),
    time_zone: text(),
    place: text(),
    agenda: jsonb().$type<AgendaItem[]>().notNull().default(emptyList),
    notes: text(),
  },
  (t) => [...scopeIndexes('practices', t.band_id, t), index('practices_calendar_idx').on(t.band_id, t.starts_at)],
)
