/**
 * The one error envelope of every door: `{ "error": { code, message, issues? } }`.
 * An answer without it (captive portal, a proxy's HTML) is a network failure to the client, never a verdict.
 */

/** Status of each code: one exhaustive map, so that a code always means the same status. */
export const STATUS_BY_CODE = {
  invalid: 400,
  signed_out: 401,
  other_user: 401,
  forbidden: 403,
  origin: 403,
  not_found: 404,
  method: 405,
  conflict: 409,
  too_large: 413,
  content_type: 415,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
  upgrade: 503,
} as const

export type ErrorCode = keyof typeof STATUS_BY_CODE

export interface ErrorBody {
  error: {
    code: ErrorCode
    /** Words for a person: what happened and what to do. */
    message: string
    /** One line per thing that is wrong, `<path>: <what>`. */
    issues?: string[]
  }
}

/** An expected failure, as a value. */
export interface Failure {
  code: ErrorCode
  message: string
  issues?: string[]
  /** Seconds after which a retry makes sense; becomes `retry-after`. */
  retryAfterSeconds?: number
}

/** Recognises our envelope in a parsed body; null for anything else. */
export function readErrorBody(body: unknown): ErrorBody['error'] | null {
  if (typeof body !== 'object' || body === null || !('error' in body)) return null
  const error: unknown = body.error
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return null
  const { code, message } = error
  if (typeof code !== 'string' || !Object.hasOwn(STATUS_BY_CODE, code) || typeof message !== 'string') return null
  const issues =
    'issues' in error && Array.isArray(error.issues) ? error.issues.filter((i) => typeof i === 'string') : null
  return { code: code as ErrorCode, message, ...(issues ? { issues } : {}) }
}
