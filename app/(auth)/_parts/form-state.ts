import type { ErrorCode } from '@/lib/protocol/errors'

/** What a form of the account pages says after it was sent. */
export type FormState =
  | { kind: 'fresh' }
  | { kind: 'done'; message: string }
  /** The person is in: the page goes there. */
  | { kind: 'entered'; path: string }
  | {
      kind: 'failed'
      code: ErrorCode
      message: string
      /** By field, a sentence each. */
      errors: Readonly<Record<string, string>>
      /** What was typed, by field: the form shows it again. Never a password. */
      typed: Readonly<Record<string, string>>
    }

export const FRESH: FormState = { kind: 'fresh' }

/** What is wrong with a field, if anything. */
export function errorOf(state: FormState, field: string): string | null {
  return state.kind === 'failed' ? (state.errors[field] ?? null) : null
}

/** What the field held when the form was sent. */
export function typedIn(state: FormState, field: string): string | undefined {
  return state.kind === 'failed' ? state.typed[field] : undefined
}
