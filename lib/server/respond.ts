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
