import 'server-only'
import type { NextApiRequest, NextApiResponse } from 'next'
import nextAuth from 'next-auth'
import { database } from '@/db/client'
import { isJsonObject } from '@/lib/protocol/json'
import { refuseForeignOrigin } from '../origin'
import { readText } from '../read-json'
import { PRIVATE_HEADERS, refuse } from '../respond'
import { authenticate } from '../viewer'
import { parseCookies } from '../session'
import { authOptions, type Findings } from './auth-options'
import { callerOf, type Caller } from './caller'
import { endSession } from './session-answers'
import { isSessionCookie, clearSession, setCookieHeader } from './session-cookie'

/** What of next-auth's API is open; its log door, for one, would let strangers write into ours. */
const ACTIONS: Record<'GET' | 'POST', readonly string[]> = {
  GET: ['csrf', 'providers', 'session', 'signin', 'signout', 'callback', 'error'],
  POST: ['signin', 'signout', 'callback'],
}

/** A sign-in form is a handful of short texts. */
const FORM_BYTES_MAX = 10_000

/**
 * next-auth behind a Web-standard handler: `segments` is the path after /api/auth. next-auth 4 reads its route handlers' requests from
 * Next's own async storage; through its Pages door it is given them, and runs the same under any server.
 */
export async function handleAuth(request: Request, segments: readonly string[]): Promise<Response> {
  const method = request.method === 'POST' ? 'POST' : 'GET'
  if (!ACTIONS[method].includes(segments[0] ?? '')) {
    return refuse({ code: 'not_found', message: 'There is nothing at this address.' })
  }
  const foreign = method === 'POST' ? refuseForeignOrigin(request) : null
  if (foreign) return refuse(foreign)
  const form = method === 'POST' ? await readForm(request) : {}
  if (form === null) return refuse({ code: 'too_large', message: 'This form is too long.' })
  // Without NEXTAUTH_URL next-auth would answer for http://localhost:3000; the origin is ours to decide (caller.ts), and told by headers.
  process.env['AUTH_TRUST_HOST'] ||= '1'
  const caller = callerOf(request.headers)
  const findings: Findings = { person: null, failure: null, thrown: null, hasSignedOut: false, cookies: [] }
  const answer = new LegacyResponse()
  const options = authOptions(database(), caller, findings)
  const { legacy, staleCookies } = await legacyRequest(request, segments, { caller, form })
  // The two types ask for Node's whole streams; next-auth uses what is here: core/index.js and next/index.js of 4.24.
  await nextAuth(legacy as unknown as NextApiRequest, answer as unknown as NextApiResponse, options)
  if (findings.thrown) throw findings.thrown.error
  if (findings.failure?.code === 'rate_limited') return refuse(findings.failure)
  const ended = findings.hasSignedOut ? await endSession(request, caller) : []
  for (const cookie of [...clearSession(staleCookies), ...ended, ...findings.cookies])
    answer.addCookie(setCookieHeader(cookie))
  return answer.toResponse()
}

async function legacyRequest(
  request: Request,
  segments: readonly string[],
  { caller, form }: { caller: Caller; form: Record<string, unknown> },
) {
  const url = new URL(request.url)
  const origin = new URL(caller.origin)
  const cookies = Object.fromEntries(parseCookies(request.headers.get('cookie') ?? ''))
  const staleCookies = segments[0] === 'session' ? await takeStaleSession(request, cookies) : []
  const legacy = {
    method: request.method === 'POST' ? 'POST' : 'GET',
    query: { ...Object.fromEntries(url.searchParams), nextauth: segments },
    headers: {
      ...Object.fromEntries(request.headers),
      'x-forwarded-host': origin.host,
      'x-forwarded-proto': origin.protocol.slice(0, -1),
    },
    cookies,
    body: request.method === 'POST' ? form : undefined,
  }
  return { legacy, staleCookies }
}

/** next-auth would renew any session it can decrypt: one that is over must be nobody's. Answers with the cookies to remove. */
async function takeStaleSession(request: Request, cookies: Record<string, string>): Promise<string[]> {
  const held = Object.keys(cookies).filter(isSessionCookie)
  if (held.length === 0 || (await authenticate(request, null)).ok) return []
  for (const name of held) delete cookies[name]
  return held
}

/** The fields of a form, sent as JSON or as browsers send forms; null when it is too long. What cannot be read has none. */
async function readForm(request: Request): Promise<Record<string, unknown> | null> {
  const text = await readText(request, FORM_BYTES_MAX)
  if (text === null) return null
  const type = request.headers.get('content-type') ?? ''
  return type.includes('application/json') ? fieldsIn(text) : Object.fromEntries(new URLSearchParams(text))
}

function fieldsIn(json: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(json)
    return isJsonObject(body) ? body : {}
  } catch {
    return {}
  }
}

/** What next-auth needs of the response of a Pages API route. */
class LegacyResponse {
  #status = 200
  #headers = new Map<string, string | string[]>()
  #body: string | null = null

  status(code: number): this {
    this.#status = code
    return this
  }

  getHeader(name: string): string | string[] | undefined {
    return this.#headers.get(name.toLowerCase())
  }

  setHeader(name: string, value: string | string[]): this {
    this.#headers.set(name.toLowerCase(), value)
    return this
  }

  addCookie(header: string): void {
    this.setHeader('set-cookie', [this.getHeader('set-cookie') ?? [], header].flat())
  }

  json(body: unknown): void {
    this.setHeader('content-type', 'application/json')
    this.#body = JSON.stringify(body)
  }

  send(body: unknown): void {
    if (typeof body === 'string') this.#body = body
    else if (body !== undefined) this.json(body)
  }

  end(): void {}

  toResponse(): Response {
    const headers = new Headers()
    for (const [name, value] of this.#headers) for (const each of [value].flat()) headers.append(name, each)
    for (const [name, value] of Object.entries(PRIVATE_HEADERS)) headers.set(name, value)
    return new Response(this.#body, { status: this.#status, headers })
  }
}
