import 'server-only'
import * as z from 'zod'
import type { Database } from '@/db/client'
import type { Viewer } from '@/lib/entity/viewer'
import { accountWork } from './account-work'
import type { Caller } from './caller'
import { failed, malformed, type Outcome } from './outcome'
import { issueResetCode, type ResetCode } from './password-reset'
import { ownsInstallation } from './installation'
import { emailAddress, findPerson } from './person'
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
  // Nobody of the sample data, whose password everyone knows.
  if (!self || self.is_sample || !ownsInstallation(self)) {
    return failed('forbidden', 'Only an owner of this installation may hand out codes.')
  }
  const read = z.object({ email: emailAddress }).safeParse(input)
  if (!read.success) return malformed(read.error)
  const tooOften = await throttle(db, { account: `codes ${viewer.user_id}`, address: caller.address })
  if (tooOften) return { ok: false, failure: tooOften }
  const issued = await issueResetCode(db, read.data.email, 'administrator')
  return issued ? { ok: true, reset: issued.reset } : failed('not_found', 'There is no account with this email.')
}
