import 'server-only'
import { STATUS_BY_CODE, type ErrorBody, type Failure } from '@/lib/protocol/errors'

/** Answers differ by person and must be kept by nobody: said on every answer of every door. */
export const PRIVATE_HEADERS = { 'cache-control': 'private, no-store', vary: 'cookie' } as const

/** A JSON answer of ours. `init.headers` may add to the private ones. */
export function json(body: unknown, init: { status?: number; headers?: Record<string, string> } = {}): Response {
  return new Response(JSON.stringify(body), {
    status: init.status ?? 200,
    headers: { 'content-type': 'application/json; charset=utf-8', ...PRIVATE_HEADERS, ...init.headers },
  })
}

/** The envelope of a failure, as it travels. */
export function errorBody(failure: Failure): ErrorBody {
  const { code, message, issues } = failure
  return { error: { code, message, ...(issues ? { issues } : {}) } }
}

/** Answers with a failure: status by its code, our envelope, `retry-after` where it may pass. */
export function refuse(failure: Failure, headers: Record<string, string> = {}): Response {
  const { retryAfterSeconds } = failure
  return json(errorBody(failure), {
    status: STATUS_BY_CODE[failure.code],
    headers: {
      ...headers,
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterSeconds))) }),
    },
  })
}

/** For addresses that no door has. */
export function nothingHere(): Response {
  return refuse({ code: 'not_found', message: 'There is nothing at this address.' })
}

type MethodHandler = () => Response

/**
 * Handlers for the methods a door does not take, to be exported beside its own:
 * `export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET', 'HEAD')`.
 */
export function otherMethods(
  ...allowed: readonly string[]
): Record<'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS', MethodHandler> {
  const allow = [...allowed, 'OPTIONS'].join(', ')
  const refused = () =>
    refuse({ code: 'method', message: `This address takes ${allowed.join(' and ')} only.` }, { allow })
  // No access-control headers: the doors are for pages of our own origin.
  const options = () => new Response(null, { status: 204, headers: { allow, ...PRIVATE_HEADERS } })
  return { GET: refused, HEAD: refused, POST: refused, PUT: refused, PATCH: refused, DELETE: refused, OPTIONS: options }
}

const UNAVAILABLE: Failure = {
  code: 'unavailable',
  message: 'The server cannot reach its database right now. Try again in a moment.',
  retryAfterSeconds: 2,
}
const INTERNAL: Failure = { code: 'internal', message: 'Something went wrong on our side. It has been noted.' }
// The client left: nobody reads this. nginx's number for it.
const CLIENT_GONE = 499

/**
 * Runs a door. What it throws is logged and answered in our envelope: a database that does not answer as 503, an abort of
 * the client's as nothing, the rest as 500.
 */
export async function guarded(request: Request, door: () => Promise<Response>): Promise<Response> {
  try {
    return await door()
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: CLIENT_GONE, headers: PRIVATE_HEADERS })
    console.error(error)
    return refuse(thrownFailure(error))
  }
}

/** What a person is told of something that was thrown. */
export function thrownFailure(error: unknown): Failure {
  return isOutage(error) ? UNAVAILABLE : INTERNAL
}

const NETWORK_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'])
// Connection exceptions, too many connections, shutting down, starting up, terminated.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
const OUTAGE_STATES = /^(08|53|57P0)/
// What pg and its pool say of a connection without giving a code.
const OUTAGE_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

/** Whether a failure means that the database is not there, along the chain of causes. */
export function isOutage(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && (NETWORK_CODES.has(at.code) || OUTAGE_STATES.test(at.code))) {
      return true
    }
    if (OUTAGE_WORDS.test(at.message)) return true
    // Several addresses tried, all refused.
    if (at instanceof AggregateError && at.errors.some(isOutage)) return true
  }
  return false
}
