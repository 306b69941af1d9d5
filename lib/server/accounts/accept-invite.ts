import 'server-only'
import { sql } from 'drizzle-orm'
import * as z from 'zod'
import type { Database } from '@/db/client'
import type { Viewer } from '@/lib/entity/viewer'
import type { Caller } from './caller'
import { failed, type Outcome } from './outcome'
import { throttle } from './throttle'

/** One answer for wrong, used, expired and revoked codes, and for codes meant for another address. */
export const BAD_INVITE = 'This invite does not work: it may be mistyped, used or expired. Ask the band for a new one.'

const inviteForm = z.object({ code: z.string().trim().min(1).max(100) })

/**
 * Makes the viewer a member of the band that a code invites to; members stay what they are.
 * Failures: `invalid` (one answer for every code that does not work), `rate_limited`.
 */
export async function acceptInvite(
  db: Database,
  viewer: Viewer,
  input: unknown,
  caller: Caller,
): Promise<Outcome<{ band_id: string }>> {
  const tooOften = await throttle(db, { account: viewer.user_id, address: caller.address })
  if (tooOften) return { ok: false, failure: tooOften }
  const read = inviteForm.safeParse(input)
  if (!read.success) return failed('invalid', BAD_INVITE)
  const code = codeIn(read.data.code)
  const band_id = await db.transaction(async (tx) => {
    await tx.execute(sql`select set_config('app.user_id', ${viewer.user_id}, true)`)
    const { rows } = await tx.execute<{ band_id: string | null }>(sql`select app.accept_invite(${code}) as band_id`)
    return rows[0]?.band_id ?? null
  })
  return band_id === null ? failed('invalid', BAD_INVITE) : { ok: true, band_id }
}

/** The code in what somebody pasted: the code itself, or the whole link. NUL, which Postgres refuses, is in no code. */
function codeIn(pasted: string): string {
  const last = pasted.split(/[?#]/)[0]?.replace(/\/+$/, '').split('/').at(-1) ?? ''
  return last.replaceAll('\u0000', '')
}
