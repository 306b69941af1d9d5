import 'server-only'
import type { JsonRow } from '@/lib/protocol/json'
import type { RejectionCode, WriteResult } from '@/lib/protocol/writes'

/** What is answered to one write, and the row as this write left it; null where it was rejected or answered before. */
export interface WriteAnswer {
  result: WriteResult
  row: JsonRow | null
}

/** A write that is not applied, and why. Nothing of it is kept: once the cause is gone it may be sent again. */
export interface Rejection {
  kind: 'rejected'
  code: RejectionCode
  /** For a person. */
  message: string
  issues: string[]
}

export function invalid(...issues: string[]): Rejection {
  return { kind: 'rejected', code: 'invalid', message: 'This change does not fit and was not saved.', issues }
}

/** The same words whoever owns the row. */
export const KEY_TAKEN = 'key: is taken'

export function forbidden(message = 'You may not make this change.', issues: string[] = []): Rejection {
  return { kind: 'rejected', code: 'forbidden', message, issues }
}

/** Missing and not yours are one answer. */
export function notFound(): Rejection {
  return { kind: 'rejected', code: 'not_found', message: 'There is nothing here that you could change.', issues: [] }
}

export function blocked(): Rejection {
  return {
    kind: 'rejected',
    code: 'blocked',
    message: 'This change builds on one that was refused. Settle that one first.',
    issues: [],
  }
}
