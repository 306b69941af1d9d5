import 'client-only'
import { readErrorBody, type ErrorBody } from '@/lib/protocol/errors'
import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import { retryAfterMs } from '../outbox/backoff'
import type { ShapeLine } from './lines'

/** What a door's answer turned out to be. Anything without our envelope or Electric's headers is a network failure, never a verdict. */
export type Verdict =
  { kind: 'shape' } | { kind: 'error'; error: ErrorBody['error']; retryAfterMs: number } | { kind: 'not-ours' }

/** A line as the Response that the waiting ShapeStream expects of its long poll. */
export function responseOf(line: ShapeLine, cursor: string | null): Response {
  const headers = new Headers(line.headers)
  if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  // A catch-up carries no cursor, but who waited insists on one.
  if (!headers.has(ELECTRIC_HEADERS.cursor)) headers.set(ELECTRIC_HEADERS.cursor, cursor ?? '0')
  return new Response(line.body, { status: line.status, headers })
}

/** Judges an answer of the read door. The body is read only where it is an error's. */
export async function judge(response: Response): Promise<Verdict> {
  const isShape = response.status === 200 || response.status === 304 || response.status === 409
  if (isShape && (response.headers.has(ELECTRIC_HEADERS.handle) || response.status === 409)) {
    return isJson(response) || response.status === 304 ? { kind: 'shape' } : { kind: 'not-ours' }
  }
  return judgeError(response)
}

/** Judges an answer that is not the one asked for. */
export async function judgeError(response: Response): Promise<Verdict> {
  const body: unknown = isJson(response)
    ? await response
        .clone()
        .json()
        .catch(() => null)
    : null
  const error = readErrorBody(body)
  return error
    ? { kind: 'error', error, retryAfterMs: retryAfterMs(response.headers.get('retry-after')) }
    : { kind: 'not-ours' }
}

function isJson(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('application/json') ?? false
}
