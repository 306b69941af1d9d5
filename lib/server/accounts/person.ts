import 'server-only'
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { users } from '@/db/schema'
import * as z from 'zod'

/** Somebody with an account, as account work sees them. */
export type Person = typeof users.$inferSelect

/** What a session is made from. */
export type SessionPerson = Pick<Person, 'id' | 'session_version'>

/** An address as typed: kept in its own case, compared without. */
export const emailAddress = z
  .string('is missing')
  .trim()
  .max(200, 'is longer than 200 characters')
  .pipe(z.email('is not an email address'))

/** Postgres refuses NUL, and half a pair of UTF-16 would be stored as another character. */
export const storable = z.refine<string>(
  (text) => !text.includes('\u0000') && text.isWellFormed(),
  'contains a character that cannot be stored',
)

/** What people are called. */
export const personName = z
  .string('is missing')
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'is longer than 200 characters')
  .check(storable)

/** Finds an open account by its address, whatever the case. Inside account work only. */
export async function findPersonByEmail(tx: Transaction, email: string): Promise<Person | null> {
  const [person] = await tx
    .select()
    .from(users)
    .where(and(sql`lower(${users.email}) = lower(${email})`, isNull(users.deleted_at)))
  return person ?? null
}

/** Finds an open account. Inside account work, or as that person. */
export async function findPerson(tx: Transaction, userId: string): Promise<Person | null> {
  const [person] = await tx
    .select()
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.deleted_at)))
  return person ?? null
}
