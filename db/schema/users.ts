import { sql } from 'drizzle-orm'
import {
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { isLive, ownUserId, timestamptz3 } from './columns'

const now = sql`clock_timestamp()`

/** A person who can sign in. Never deleted: others' rows name them; a closed account loses its email, name, picture and password. */
export const users = pgTable(
  'users',
  {
    id: uuid().primaryKey().defaultRandom(),
    /** As typed; unique whatever its case among open accounts. */
    email: text().notNull(),
    email_verified: timestamptz3(),
    name: text(),
    image: text(),
    /** bcrypt; null for people who only sign in with GitHub or Google. */
    password_hash: text(),
    /** Sessions made under a lower number are over. */
    session_version: integer().notNull().default(1),
    /** Made by the seed; a production build refuses their sign-in. */
    is_sample: boolean().notNull().default(false),
    created_at: timestamptz3().notNull().default(now),
    deleted_at: timestamptz3(),
  },
  (t) => [
    uniqueIndex('users_email_key')
      .on(sql`lower(${t.email})`)
      .where(isLive),
  ],
)

/** A GitHub or Google account linked to a person. Tokens are not kept: nothing here calls those services after sign-in. */
export const accounts = pgTable(
  'accounts',
  {
    id: uuid().primaryKey().defaultRandom(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    type: text().notNull(),
    provider: text().notNull(),
    provider_account_id: text().notNull(),
    created_at: timestamptz3().notNull().default(now),
  },
  (t) => [
    unique('accounts_provider_key').on(t.provider, t.provider_account_id),
    index('accounts_user_idx').on(t.user_id),
  ],
)

/** Single-use proof that somebody reads an email address. Only the SHA-256 of the token is stored. */
export const verificationTokens = pgTable(
  'verification_tokens',
  {
    identifier: text().notNull(),
    token_hash: text().notNull(),
    expires_at: timestamptz3().notNull(),
    created_at: timestamptz3().notNull().default(now),
  },
  (t) => [primaryKey({ columns: [t.identifier, t.token_hash] })],
)

/** Single-use permission to choose a new password: mailed, or a code that the owner of the installation hands out. */
export const passwordResets = pgTable(
  'password_resets',
  {
    id: uuid().primaryKey().defaultRandom(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** SHA-256 of the token, hex. */
    token_hash: text().notNull().unique('password_resets_token_key'),
    issued_by: text({ enum: ['mail', 'administrator'] }).notNull(),
    expires_at: timestamptz3().notNull(),
    used_at: timestamptz3(),
    created_at: timestamptz3().notNull().default(now),
  },
  (t) => [index('password_resets_user_idx').on(t.user_id)],
)

/** The write door's memory: what each write of a person came to, so that sending it again changes nothing. */
export const appliedWrites = pgTable(
  'applied_writes',
  {
    user_id: ownUserId(),
    /** The write's own id (uuidv7), unique per person. */
    id: uuid().notNull(),
    client_id: uuid(),
    /** SHA-256 of the write as first received, hex: the same id with other content is refused. */
    content_hash: text().notNull(),
    outcome: jsonb().notNull(),
    created_at: timestamptz3().notNull().default(now),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.id] }), index('applied_writes_created_idx').on(t.created_at)],
)

/** Counters of the rate limits, shared by all processes. Unlogged: a crash forgives. */
export const rateLimits = pgTable(
  'rate_limits',
  {
    /** What is limited and whose: `sign-in:account:<hash>`. */
    key: text().notNull(),
    /** Start of the window. */
    window: timestamptz3().notNull(),
    count: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.key, t.window] }), index('rate_limits_window_idx').on(t.window)],
)
