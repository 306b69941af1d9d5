import { randomUUID } from 'node:crypto'
import { encode } from 'next-auth/jwt'
import { SESSION_COOKIE, SESSION_MAX_AGE_SECONDS } from '@/lib/server/session'

export interface SessionCookieOptions {
  /** The person's session version in the database; 1 until they change a password or sign out everywhere. */
  sessionVersion?: number
  /** Seconds; negative for a session that is over. */
  maxAgeSeconds?: number
}

/** A `cookie` header of somebody signed in, as next-auth would have set it. AUTH_SECRET comes from the environment. */
export async function sessionCookie(userId: string, options: SessionCookieOptions = {}): Promise<string> {
  const secret = process.env['AUTH_SECRET']
  if (!secret) throw new Error('AUTH_SECRET is not set: the test harness sets it')
  const token = await encode({
    token: { sub: userId, session_id: randomUUID(), session_version: options.sessionVersion ?? 1 },
    secret,
    maxAge: options.maxAgeSeconds ?? SESSION_MAX_AGE_SECONDS,
  })
  return `${SESSION_COOKIE}=${token}`
}
