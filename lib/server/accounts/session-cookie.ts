import 'server-only'
import { randomUUID } from 'node:crypto'
import { encode, type JWT } from 'next-auth/jwt'
import { env } from '../env'
import {
  ENDED_SESSIONS_COOKIE,
  endedSessions,
  SECURE_SESSION_COOKIE,
  SESSION_COOKIE,
  SESSION_MAX_AGE_SECONDS,
  type Session,
} from '../session'
import { isSecure, type Caller } from './caller'
import type { SessionPerson } from './person'

/** A cookie to set, in the shape of Next's `cookies().set` and of next-auth. */
export interface SetCookie {
  name: string
  value: string
  options: CookieOptions
}

interface CookieOptions {
  httpOnly: true
  sameSite: 'lax'
  path: '/'
  secure: boolean
  /** Seconds; 0 removes the cookie. */
  maxAge: number
}

/** All that a session's token carries, of a new session unless told; `readSession` reads it. */
export function sessionToken(person: SessionPerson, session_id: string = randomUUID()): JWT {
  return { sub: person.id, session_id, session_version: person.session_version }
}

/** Signs somebody in: the cookie of a session, a new one unless told, exactly as next-auth's own callback sets it. */
export async function issueSession(
  person: SessionPerson,
  caller: Pick<Caller, 'origin'>,
  session_id?: string,
): Promise<SetCookie> {
  const value = await encode({
    token: sessionToken(person, session_id),
    secret: env().authSecret,
    maxAge: SESSION_MAX_AGE_SECONDS,
  })
  const secure = isSecure(caller)
  return {
    name: secure ? SECURE_SESSION_COOKIE : SESSION_COOKIE,
    value,
    options: options(secure, SESSION_MAX_AGE_SECONDS),
  }
}

/** A session lasts from the last visit; it is renewed once a day at most, so that not every answer sets a cookie. */
const RENEWED_AFTER_SECONDS = 24 * 60 * 60

/** The cookie that makes a session of a request last from now on, and until when; null while the old one is young enough. */
export async function renewSession(
  session: Session,
  caller: Pick<Caller, 'origin'>,
): Promise<{ cookie: SetCookie; expires_at: string } | null> {
  const { user_id, session_id, session_version } = session
  // Signing out could not reach its renewals.
  if (session_id === null) return null
  const leftSeconds = (Date.parse(session.expires_at) - Date.now()) / 1000
  if (leftSeconds > SESSION_MAX_AGE_SECONDS - RENEWED_AFTER_SECONDS) return null
  const cookie = await issueSession({ id: user_id, session_version }, caller, session_id)
  return { cookie, expires_at: new Date(Date.now() + SESSION_MAX_AGE_SECONDS * 1000).toISOString() }
}

/** Signs a browser out: removes every cookie a session may be spread over. */
export function clearSession(cookieNames: Iterable<string>): SetCookie[] {
  return [...cookieNames].filter(isSessionCookie).map((name) => ({
    name,
    value: '',
    options: options(name.startsWith('__Secure-'), 0),
  }))
}

/** A browser signs out again and again; what may still be under way is of the latest sessions. */
const ENDED_MAX = 8

/** Remembers in the browser that it has signed out of a session, for as long as a renewal of it could last. */
export function endedSessionCookie(cookieHeader: string, sessionId: string, caller: Pick<Caller, 'origin'>): SetCookie {
  const ids = [...endedSessions(cookieHeader).filter((id) => id !== sessionId), sessionId].slice(-ENDED_MAX)
  return {
    name: ENDED_SESSIONS_COOKIE,
    value: ids.join('.'),
    options: options(isSecure(caller), SESSION_MAX_AGE_SECONDS),
  }
}

/** Whether a cookie belongs to a session, split ones (`….0`) too. */
export function isSessionCookie(name: string): boolean {
  return name.startsWith(SESSION_COOKIE) || name.startsWith(SECURE_SESSION_COOKIE)
}

/** The cookie as a `set-cookie` header. The values are tokens and need no escaping. */
export function setCookieHeader({ name, value, options: { maxAge, secure } }: SetCookie): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
}

function options(secure: boolean, maxAge: number): CookieOptions {
  return { httpOnly: true, sameSite: 'lax', path: '/', secure, maxAge }
}
