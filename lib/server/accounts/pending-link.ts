import 'server-only'
import { decode, encode } from 'next-auth/jwt'
import * as z from 'zod'
import type { Database } from '@/db/client'
import { env } from '../env'
import { isSecure, type Caller } from './caller'
import { linkProven, type ExternalProfile } from './external-sign-in'
import { failed, type Outcome } from './outcome'
import type { Person } from './person'
import type { SetCookie } from './session-cookie'
import { signInWithPassword } from './sign-in'

/** Holds a GitHub or Google account that waits for its person to prove that the Backline account is theirs. */
export const PENDING_LINK_COOKIE = 'backline.pending-link'
const MAX_AGE_SECONDS = 10 * 60
/** Keeps these tokens and session tokens apart, though one secret encrypts both. */
const SALT = 'backline pending link'

const pendingSchema = z.object({
  sub: z.uuid(),
  email: z.string(),
  provider: z.string(),
  provider_account_id: z.string(),
  exp: z.int(),
})

/** The cookie that carries a link until its proof, encrypted, for ten minutes. */
export async function pendingLinkCookie(
  person: Person,
  { provider, provider_account_id }: ExternalProfile,
  caller: Caller,
): Promise<SetCookie> {
  const value = await encode({
    token: { sub: person.id, email: person.email, provider, provider_account_id },
    secret: env().authSecret,
    salt: SALT,
    maxAge: MAX_AGE_SECONDS,
  })
  const secure = isSecure(caller)
  return {
    name: PENDING_LINK_COOKIE,
    value,
    options: { httpOnly: true, sameSite: 'lax', path: '/', secure, maxAge: MAX_AGE_SECONDS },
  }
}

/**
 * Links the waiting GitHub or Google account to the person whose password this is, and signs them in.
 * Failures: `invalid` (wrong password, or nothing waits any more), `rate_limited`.
 */
export async function linkWithPassword(
  db: Database,
  { pending: cookie, password }: { pending: string | undefined; password: unknown },
  caller: Caller,
): Promise<Outcome<{ person: Person }>> {
  const pending = await readPendingLink(cookie)
  if (!pending) return failed('invalid', 'That took too long. Go back and sign in with GitHub or Google again.')
  const proof = await signInWithPassword(db, { email: pending.email, password }, caller)
  if (!proof.ok) return proof
  // The address may have gone to another account meanwhile.
  if (proof.person.id !== pending.sub) return failed('invalid', 'That account is not the one you started with.')
  const person = await linkProven(db, proof.person.id, pending)
  return person ? { ok: true, person } : failed('invalid', 'This account is closed.')
}

async function readPendingLink(cookie: string | undefined) {
  if (cookie === undefined) return null
  const payload = await decode({ token: cookie, secret: env().authSecret, salt: SALT }).catch(() => null)
  const parsed = pendingSchema.safeParse(payload)
  return parsed.success && parsed.data.exp * 1000 > Date.now() ? parsed.data : null
}
