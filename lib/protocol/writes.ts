import type { Json, JsonRow } from './json'

/** Wire types of the write door, `POST /api/writes`. The envelope is fixed: outside clients rely on it. */

export const WRITES_MAX = 500
export const WRITES_BYTES_MAX = 2 * 1024 * 1024

export type WriteOp = 'insert' | 'update' | 'delete' | 'restore'

interface WriteCommon {
  /** uuidv7; the idempotency key per user. */
  id: string
  entity: string
  key: string
  /** Device time of the intent (ISO); display only, decides nothing. */
  at?: string
}

export type WireWrite =
  | (WriteCommon & { op: 'insert'; values: JsonRow })
  | (WriteCommon & { op: 'update'; patch: JsonRow; base?: JsonRow; baseVersion?: number })
  | (WriteCommon & { op: 'delete' })
  | (WriteCommon & { op: 'restore'; patch?: JsonRow })

export interface WritesRequest {
  userId?: string
  clientId?: string
  schema?: number
  writes: WireWrite[]
}

export type RejectionCode = 'forbidden' | 'invalid' | 'not_found' | 'blocked'

/** One clash of one field: what the writer had seen, what they want, what stands. */
export interface FieldClash {
  field: string
  base: Json
  yours: Json
  theirs: Json
}

export type WriteResult =
  | { id: string; status: 'applied'; txid: string | null; version: number | null }
  | {
      id: string
      status: 'conflict'
      txid: string | null
      version: number
      current: JsonRow
      fields: FieldClash[]
    }
  | { id: string; status: 'rejected'; code: RejectionCode; message: string; issues: string[] }

export interface WritesResponse {
  results: WriteResult[]
}
