import 'server-only'
import { decode } from 'next-auth/jwt'
import * as z from 'zod/mini'
import { processWide } from './process-wide'

/** Who a request says it is, as signed into its cookie. Whether that still holds is the viewer's question: it needs the database. */
export interface Session {
  user_id: string
  /** The same from sign-in to sign-out, through renewals; null in tokens of before there were ids, which are not renewed. */
  session_id: string | null
  /** Compared with `users.session_version` by every door, so that a higher number there ends this session at once. */
  session_version: number
  /** ISO 8601. */
  expires_at: string
}

/** next-auth's name of the session cookie; on https it is prefixed, so that no plain-http page can set it. */
export const SESSION_COOKIE = 'next-auth.session-token'
export const SECURE_SESSION_COOKIE = `__Secure-${SESSION_COOKIE}`

/** Seconds a session lasts without a visit. */
export const SESSION_MAX_AGE_SECONDS = 30 * 24 * 60 * 60

/** What our sessions carry inside the encrypted token: no name, email or role, which would be stale copies. */
const tokenSchema = z.object({
  sub: z.uuid(),
  session_id: z.optional(z.uuid()),
  session_version: z.int().check(z.minimum(1)),
  exp: z.int(),
})

/**
 * Decodes the session cookie of a request; null when there is none, it is forged, damaged or expired, or the browser has signed out of
 * it. No database.
 */
export async function readSession(request: Request): Promise<Session | null> {
  const cookies = request.headers.get('cookie') ?? ''
  const session = await decodeSession(readSessionToken(cookies))
  return session?.session_id && endedSessions(cookies).includes(session.session_id) ? null : session
}

/**
 * Names the sessions that a browser has signed out of. An answer that was on its way meanwhile may renew such a session and so put its
 * cookie back: with this beside it, it counts for nothing.
 */
export const ENDED_SESSIONS_COOKIE = 'backline.ended-sessions'

/** The ids of the sessions that a browser has signed out of, oldest first. */
export function endedSessions(cookieHeader: string): string[] {
  const ids = parseCookies(cookieHeader).get(ENDED_SESSIONS_COOKIE)?.split('.') ?? []
  return ids.filter((id) => id !== '')
}

/** Decodes an encrypted session token; null when it is missing, forged, damaged or expired. */
export async function decodeSession(token: string | null): Promise<Session | null> {
  if (token === null) return null
  const secret = process.env['AUTH_SECRET']
  if (!secret) throw new Error('AUTH_SECRET is not set')
  const session = decoded().get(secret + token) ?? (await decrypt(token, secret))
  // The decoder tolerates 15 s of clock skew between machines; a session's end is the end.
  return session && !isOver(session) ? session : null
}

async function decrypt(token: string, secret: string): Promise<Session | null> {
  const payload = await decode({ token, secret }).catch(() => null)
  const parsed = tokenSchema.safeParse(payload)
  if (!parsed.success) return null
  const { sub, session_id = null, session_version, exp } = parsed.data
  const expires_at = new Date(exp * 1000).toISOString()
  const session = { user_id: sub.toLowerCase(), session_id, session_version, expires_at }
  remember(secret + token, session)
  return session
}

// What a token says never changes, and deriving its key costs 2 ms: more than most of the requests it comes with.
const DECODED_MAX = 10_000
const decoded = () => processWide('decoded-sessions', () => new Map<string, Session>())

function remember(key: string, session: Session): void {
  const sessions = decoded()
  const [oldest] = sessions.keys()
  if (sessions.size >= DECODED_MAX && oldest !== undefined) sessions.delete(oldest)
  sessions.set(key, session)
}

/** Whether a session came to its end since it was read: requests are held for longer than some sessions last. */
export function isOver(session: Session): boolean {
  return Date.parse(session.expires_at) <= Date.now()
}

/** The token in a `cookie` header. next-auth splits long tokens into `<name>.0`, `<name>.1`, … */
export function readSessionToken(cookieHeader: string): string | null {
  const cookies = parseCookies(cookieHeader)
  return joinChunks(cookies, SECURE_SESSION_COOKIE) ?? joinChunks(cookies, SESSION_COOKIE)
}

function joinChunks(cookies: ReadonlyMap<string, string>, name: string): string | null {
  const whole = cookies.get(name)
  if (whole) return whole
  const chunks: string[] = []
  for (let chunk = cookies.get(`${name}.0`); chunk; chunk = cookies.get(`${name}.${chunks.length}`)) chunks.push(chunk)
  return chunks.length > 0 ? chunks.join('') : null
}

/** The cookies of a `cookie` header by name; of a repeated name the first counts, as for browsers' more specific path. */
export function parseCookies(header: string): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 0) continue
    const name = pair.slice(0, equals).trim()
    if (!cookies.has(name)) cookies.set(name, decodeCookieValue(pair.slice(equals + 1).trim()))
  }
  return cookies
}

function decodeCookieValue(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
