import { foreignKey, index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { bands } from './bands'
import { edited, oneOf, scopeIndexes, timestamptz3 } from './columns'
import { setlists } from './setlists'

const STATUSES = ['draft', 'confirmed', 'played', 'cancelled'] as const

export const shows = pgTable(
  'shows',
  {
    ...edited(),
    band_id: uuid()
      .notNull()
      .references(() => bands.id),
    title: text().notNull(),
    venue: text(),
    address: text(),
    starts_at: timestamptz3(),
    time_zone: text(),
    load_in_at: timestamptz3(),
    set_length_ms: integer(),
    setlist_id: uuid(),
    status: text({ enum: STATUSES }).notNull().default('draft'),
    fee_cents: integer(),
    currency: text(),
    notes: text(),
  },
  (t) => [
    oneOf('shows', t.status, STATUSES),
    ...scopeIndexes('shows', t.band_id, t),
    index('shows_calendar_idx').on(t.band_id, t.starts_at),
    foreignKey({
      name: 'shows_setlist_fk',
      columns: [t.band_id, t.setlist_id],
      foreignColumns: [setlists.band_id, setlists.id],
    }),
  ],
)
