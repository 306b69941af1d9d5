import 'server-only'
import { encode, type JWT } from 'next-auth/jwt'
import { env } from '../env'
import { SECURE_SESSION_COOKIE, SESSION_COOKIE, SESSION_MAX_AGE_SECONDS } from '../session'
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

/** All that a session's token carries; `readSession` reads it. */
export function sessionToken(person: SessionPerson): JWT {
  return { sub: person.id, session_version: person.session_version }
}

/** Signs somebody in: the cookie of a new session, exactly as next-auth's own callback sets it. */
export async function issueSession(person: SessionPerson, caller: Pick<Caller, 'origin'>): Promise<SetCookie> {
  const value = await encode({
    token: sessionToken(person),
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

/** Signs a browser out: removes every cookie a session may be spread over. */
export function clearSession(cookieNames: Iterable<string>): SetCookie[] {
  return [...cookieNames].filter(isSessionCookie).map((name) => ({
    name,
    value: '',
    options: options(name.startsWith('__Secure-'), 0),
  }))
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
