import 'server-only'
import { and, eq, isNull, sql } from 'drizzle-orm'
import * as z from 'zod'
import type { Database, Transaction } from '@/db/client'
import { passwordResets, users } from '@/db/schema'
import type { Viewer } from '@/lib/entity/viewer'
import { accountWork } from './account-work'
import type { Caller } from './caller'
import { failed, malformed, type Outcome } from './outcome'
import { claimedPassword, hashPassword, newPassword, verifyPassword } from './password'
import { findPerson, type Person } from './person'
import { throttle } from './throttle'

/** The answer to a signed-in person whose account has gone meanwhile. */
const GONE = failed('signed_out', 'You are signed out. Sign in to go on.')

const changeForm = z.object({
  /** Absent only for people who have no password yet (GitHub, Google). */
  current_password: claimedPassword.optional(),
  new_password: newPassword,
})

/**
 * Changes the viewer's password and ends all their sessions: the answer's person makes the new one.
 * Failures: `invalid` (a wrong current password too), `rate_limited`, `signed_out`.
 */
export async function changePassword(
  db: Database,
  viewer: Viewer,
  input: unknown,
  caller: Caller,
): Promise<Outcome<{ person: Person }>> {
  const read = changeForm.safeParse(input)
  if (!read.success) return malformed(read.error)
  const proof = await provePassword(db, viewer, read.data.current_password, caller)
  if (!proof.ok) return proof
  const password_hash = await hashPassword(read.data.new_password)
  const person = await accountWork(db, (tx) => setPassword(tx, viewer.user_id, password_hash))
  return person ? { ok: true, person } : GONE
}

/**
 * Checks that the viewer knows their own password; people without one have nothing to prove.
 * Failures: `invalid` on `current_password`, `rate_limited`, `signed_out`.
 */
export async function provePassword(
  db: Database,
  viewer: Viewer,
  password: string | undefined,
  caller: Caller,
): Promise<Outcome<{ person: Person }>> {
  const tooOften = await throttle(db, { account: viewer.user_id, address: caller.address })
  if (tooOften) return { ok: false, failure: tooOften }
  const person = await accountWork(db, (tx) => findPerson(tx, viewer.user_id))
  if (!person) return GONE
  if (person.password_hash !== null && !(await verifyPassword(password ?? '', person.password_hash))) {
    return failed('invalid', 'That is not your current password.', ['current_password: is not your password'])
  }
  return { ok: true, person }
}

/** Sets a password, ends every session made before and uses up open resets. Null when the account is closed. */
export async function setPassword(tx: Transaction, userId: string, password_hash: string): Promise<Person | null> {
  await tx
    .update(passwordResets)
    .set({ used_at: sql`clock_timestamp()` })
    .where(and(eq(passwordResets.user_id, userId), isNull(passwordResets.used_at)))
  const [person] = await tx
    .update(users)
    .set({ password_hash, session_version: sql`${users.session_version} + 1` })
    .where(and(eq(users.id, userId), isNull(users.deleted_at)))
    .returning()
  return person ?? null
}
