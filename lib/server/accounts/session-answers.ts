import 'server-only'
import { json, PRIVATE_HEADERS } from '../respond'
import { parseCookies } from '../session'
import type { Caller } from './caller'
import type { SessionPerson } from './person'
import { clearSession, issueSession, setCookieHeader, type SetCookie } from './session-cookie'

/** Answers with a new session of this person, in place of whatever session the browser had. */
export async function answerSignedIn(
  { person }: { person: SessionPerson },
  caller: Caller,
  status = 200,
): Promise<Response> {
  return withCookies(json({ user: { id: person.id } }, { status }), [await issueSession(person, caller)])
}

/** Answers that the session of this browser is over. */
export function answerSignedOut(request: Request): Response {
  const held = parseCookies(request.headers.get('cookie') ?? '').keys()
  return withCookies(answerDone(), clearSession(held))
}

/** Answers that all is done and there is nothing to say. */
export function answerDone(): Response {
  return new Response(null, { status: 204, headers: PRIVATE_HEADERS })
}

function withCookies(response: Response, cookies: readonly SetCookie[]): Response {
  for (const cookie of cookies) response.headers.append('set-cookie', setCookieHeader(cookie))
  return response
}
