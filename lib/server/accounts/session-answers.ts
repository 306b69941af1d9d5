import 'server-only'
import { json, PRIVATE_HEADERS } from '../respond'
import { parseCookies, readSession } from '../session'
import type { Caller } from './caller'
import type { SessionPerson } from './person'
import { clearSession, endedSessionCookie, issueSession, setCookieHeader, type SetCookie } from './session-cookie'

/** Answers with a new session of this person, in place of whatever session the browser had. */
export async function answerSignedIn(
  { person }: { person: SessionPerson },
  caller: Caller,
  status = 200,
): Promise<Response> {
  return withCookies(json({ user: { id: person.id } }, { status }), [await issueSession(person, caller)])
}

/** Answers that the session of this browser is over. */
export async function answerSignedOut(request: Request, caller: Caller): Promise<Response> {
  const held = parseCookies(request.headers.get('cookie') ?? '').keys()
  return withCookies(answerDone(), [...clearSession(held), ...(await endSession(request, caller))])
}

/** The cookie that keeps the session of a request from coming back; none where there is no session. */
export async function endSession(request: Request, caller: Caller): Promise<SetCookie[]> {
  const cookies = request.headers.get('cookie') ?? ''
  const session = await readSession(request)
  return session?.session_id ? [endedSessionCookie(cookies, session.session_id, caller)] : []
}

/** Answers that all is done and there is nothing to say. */
export function answerDone(): Response {
  return new Response(null, { status: 204, headers: PRIVATE_HEADERS })
}

function withCookies(response: Response, cookies: readonly SetCookie[]): Response {
  for (const cookie of cookies) response.headers.append('set-cookie', setCookieHeader(cookie))
  return response
}
