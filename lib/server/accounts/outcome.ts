import 'server-only'
import type * as z from 'zod'
import type { Failure } from '@/lib/protocol/errors'

/** What account work came to: a value, or a failure with words for the person. */
export type Outcome<T extends object = object> = ({ ok: true } & T) | { ok: false; failure: Failure }

export function failed(code: Failure['code'], message: string, issues?: string[]): { ok: false; failure: Failure } {
  return { ok: false, failure: { code, message, ...(issues ? { issues } : {}) } }
}

/** Input that does not fit its form: one issue per field, `<field>: <what>`. */
export function malformed(error: z.ZodError): { ok: false; failure: Failure } {
  const issues = error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
  return failed('invalid', 'Some of what you entered does not fit. See below.', issues)
}
