import { sql } from 'drizzle-orm'
import { index, pgTable, text, unique, uuid } from 'drizzle-orm/pg-core'
import { bands } from './bands'
import { ownUserId, timestamptz3 } from './columns'
import { users } from './users'

/** Who is here and on which page. Rows come and go for good: no versions, no soft deletes. */
export const presence = pgTable(
  'presence',
  {
    id: uuid().primaryKey(),
    band_id: uuid()
      .notNull()
      .references(() => bands.id),
    client_id: uuid().notNull(),
    user_id: ownUserId().references(() => users.id),
    page: text(),
    editing_entity: text(),
    editing_id: uuid(),
    last_seen_at: timestamptz3()
      .notNull()
      .default(sql`clock_timestamp()`),
  },
  (t) => [
    unique('presence_client_key').on(t.band_id, t.user_id, t.client_id),
    index('presence_age_idx').on(t.band_id, t.last_seen_at),
  ],
)
