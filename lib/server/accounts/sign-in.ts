import 'server-only'
import * as z from 'zod'
import type { Database } from '@/db/client'
import { accountWork } from './account-work'
import type { Caller } from './caller'
import { failed, type Outcome } from './outcome'
import { claimedPassword, verifyPassword } from './password'
import { findPersonByEmail, type Person } from './person'
import { accountSettings } from './settings'
import { throttle } from './throttle'

/** One answer for a wrong password, an unknown person, a closed account and a sample login that is switched off. */
export const WRONG_SIGN_IN = 'Email and password do not match an account. Check both, or choose a new password.'

// NUL, which Postgres refuses, is in no address.
const credentials = z.object({
  email: z
    .string()
    .trim()
    .max(200)
    .refine((text) => !text.includes('\u0000')),
  password: claimedPassword,
})

/**
 * Finds out who signs in with email and password. The answer, and the time it takes, do not tell whether the account exists.
 * Failures: `invalid` (one answer for all that is wrong), `rate_limited`.
 */
export async function signInWithPassword(
  db: Database,
  input: unknown,
  caller: Caller,
): Promise<Outcome<{ person: Person }>> {
  const read = credentials.safeParse(input)
  if (!read.success) return failed('invalid', WRONG_SIGN_IN)
  const { email, password } = read.data
  const tooOften = await throttle(db, { account: email, address: caller.address })
  if (tooOften) return { ok: false, failure: tooOften }
  const person = await accountWork(db, (tx) => findPersonByEmail(tx, email))
  const matches = await verifyPassword(password, person?.password_hash ?? null)
  if (!person || !matches || !mayUsePassword(person)) return failed('invalid', WRONG_SIGN_IN)
  return { ok: true, person }
}

function mayUsePassword(person: Person): boolean {
  return !person.is_sample || accountSettings().sampleLogins
}
