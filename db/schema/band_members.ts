import { sql } from 'drizzle-orm'
import { pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bands } from './bands'
import { edited, isLive, oneOf, scopeIndexes, timestamptz3 } from './columns'
import { users } from './users'

const ROLES = ['owner', 'collaborator', 'viewer'] as const

export const bandMembers = pgTable(
  'band_members',
  {
    ...edited(),
    band_id: uuid()
      .notNull()
      .references(() => bands.id),
    user_id: uuid()
      .notNull()
      .references(() => users.id),
    role: text({ enum: ROLES }).notNull(),
    joined_at: timestamptz3()
      .notNull()
      .default(sql`clock_timestamp()`),
    display_name: text(),
    avatar_url: text(),
  },
  (t) => [
    oneOf('band_members', t.role, ROLES),
    ...scopeIndexes('band_members', t.band_id, t),
    // Also how a viewer's bands are found.
    uniqueIndex('band_members_person_key').on(t.user_id, t.band_id).where(isLive),
  ],
)
