import 'server-only'
import * as z from 'zod'
import type { Database } from '@/db/client'
import type { Viewer } from '@/lib/entity/viewer'
import { env } from '../env'
import { accountWork } from './account-work'
import type { Caller } from './caller'
import { failed, malformed, type Outcome } from './outcome'
import { issueResetCode, type ResetCode } from './password-reset'
import { emailAddress, findPerson, type Person } from './person'
import { accountSettings } from './settings'
import { throttle } from './throttle'

/**
 * Makes a one-time code with which somebody may choose a new password, for an owner of the installation to hand out.
 * Failures: `forbidden` for everybody else, `invalid`, `not_found` without such an account, `rate_limited`.
 */
export async function issueCodeAsAdministrator(
  db: Database,
  viewer: Viewer,
  input: unknown,
  caller: Caller,
): Promise<Outcome<{ reset: ResetCode }>> {
  const self = await accountWork(db, (tx) => findPerson(tx, viewer.user_id))
  if (!self || !ownsInstallation(self)) {
    return failed('forbidden', 'Only an owner of this installation may hand out codes.')
  }
  const read = z.object({ email: emailAddress }).safeParse(input)
  if (!read.success) return malformed(read.error)
  const tooOften = await throttle(db, { account: `codes ${viewer.user_id}`, address: caller.address })
  if (tooOften) return { ok: false, failure: tooOften }
  const issued = await issueResetCode(db, read.data.email, 'administrator')
  return issued ? { ok: true, reset: issued.reset } : failed('not_found', 'There is no account with this e-mail.')
}

/**
 * Whether ADMIN_EMAILS names this person: nobody of the sample data, whose password everyone knows, and with a mail server nobody who
 * has not proved to read that address. Without one, owners should sign up before they let others in.
 */
export function ownsInstallation(person: Person): boolean {
  if (person.is_sample || !env().adminEmails.includes(person.email.toLowerCase())) return false
  return person.email_verified !== null || accountSettings().mail === null
}
