import 'server-only'
import * as z from 'zod'
import type { Database } from '@/db/client'
import { users } from '@/db/schema'
import { accountWork } from './account-work'
import type { Caller } from './caller'
import { failed, malformed, type Outcome } from './outcome'
import { hashPassword, newPassword } from './password'
import { emailAddress, personName, type Person } from './person'
import { throttle } from './throttle'

const signUpForm = z.object({ email: emailAddress, password: newPassword, name: personName })

/**
 * Opens an account. Its address counts as unverified until a mail to it was answered.
 * Failures: `invalid` with one issue per field (a taken address too), `rate_limited`.
 */
export async function signUp(db: Database, input: unknown, caller: Caller): Promise<Outcome<{ person: Person }>> {
  const read = signUpForm.safeParse(input)
  if (!read.success) return malformed(read.error)
  const { email, password, name } = read.data
  const tooOften = await throttle(db, { account: email, address: caller.address })
  if (tooOften) return { ok: false, failure: tooOften }
  const password_hash = await hashPassword(password)
  const [person] = await accountWork(db, (tx) =>
    // Two sign-ups at once: the unique index decides, the second finds the address taken.
    tx.insert(users).values({ email, name, password_hash }).onConflictDoNothing().returning(),
  )
  if (person) return { ok: true, person }
  return failed('invalid', 'There is an account with this email already. Sign in, or choose a new password.', [
    'email: has an account already',
  ])
}
