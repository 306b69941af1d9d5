import { sql } from 'drizzle-orm'
import { check, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bands } from './bands'
import { edited, oneOf, scopeIndexes, timestamptz3 } from './columns'
import { users } from './users'

const ROLES = ['owner', 'collaborator', 'viewer'] as const

export const invites = pgTable(
  'invites',
  {
    ...edited(),
    band_id: uuid()
      .notNull()
      .references(() => bands.id),
    /** 122 random bits unless given. */
    code: text()
      .notNull()
      .default(sql`replace(gen_random_uuid()::text, '-', '')`),
    email: text(),
    role: text({ enum: ROLES }).notNull(),
    expires_at: timestamptz3()
      .notNull()
      .default(sql`now() + interval '7 days'`),
    used_by: uuid().references(() => users.id),
  },
  (t) => [
    oneOf('invites', t.role, ROLES),
    // 64 bits in hexadecimal: shorter codes could be guessed.
    check('invites_code_long', sql`char_length(${t.code}) >= 16`),
    ...scopeIndexes('invites', t.band_id, t),
    uniqueIndex('invites_code_key').on(t.code),
  ],
)
