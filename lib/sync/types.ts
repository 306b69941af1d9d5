import 'client-only'
import type { ErrorCode, Failure } from '@/lib/protocol/errors'
import type { Json, JsonRow } from '@/lib/protocol/json'
import type { RejectionCode, WriteOp } from '@/lib/protocol/writes'

/** Words of the sync layer that components see. */

/** Names one shape: an entity and the container whose rows it holds; `mine` for a person's own rows. */
export interface ShapeName {
  entity: string
  /** Lower-case uuid of a band, project or user; null means the person's own rows. */
  scope: string | null
}

/**
 * `loading`: nothing to show yet · `stale`: painted from the cache, catching up · `ready`: as far as the server was heard
 * · `refused`: the server does not let this person read it.
 */
export type ShapeStatus = 'loading' | 'stale' | 'ready' | 'refused'

/** One immutable picture of a shape with unconfirmed writes laid over it; a new object whenever anything changed. */
export interface ShapeView {
  status: ShapeStatus
  rows: ReadonlyMap<string, JsonRow>
  error: Failure | null
  /** Counts how often the server made the shape begin anew: loaded history is fetched again. */
  generation: number
}

/** What readers see before there is anything to see. */
export const NOTHING_YET: ShapeView = { status: 'loading', rows: new Map(), error: null, generation: 0 }

/** What a person must know of one row, the most urgent first: conflict > error > pending > syncing > unread > synced. */
export type RowStatus = 'synced' | 'syncing' | 'pending' | 'error' | 'conflict' | 'unread'

export type ConnectionKind = 'connecting' | 'live' | 'polling' | 'offline' | 'signed-out'

/**
 * Whether unsent changes survive closing the browser: `kept`: all of them do · `full`: this device has no room for some
 * · `nowhere`: this browser stores nothing.
 */
export type Durability = 'kept' | 'full' | 'nowhere'

/** Why the oldest unsent write has not gone for half a minute. */
export type Stuck =
  | { kind: 'signed-out' | 'offline' }
  /** This browser is still storing it. */
  | { kind: 'unstored' }
  /** The last attempt failed, in the server's words. */
  | { kind: 'failing'; message: string }
  /** The server takes long to answer. */
  | { kind: 'slow' }
  /** The tab that sends has not got to it. */
  | { kind: 'unsent' }

/** What was observed of the connection. Times are milliseconds since 1970 by this device's clock. */
export interface ConnectionView {
  kind: ConnectionKind
  since: number
  lastSyncedAt: number | null
  /** Writes go through, others' changes are late because the sync service does not answer. */
  areReadsDelayed: boolean
  /** Writes that the server has not answered yet. */
  unsentCount: number
  oldestUnsentAt: number | null
  nextRetryAt: number | null
  /** Why the oldest unsent write has not gone for too long; null while all is well. */
  stuck: Stuck | null
  durability: Durability
  /** Set when storage in use has passed 80 % of what the browser grants. */
  storage: { usedBytes: number; grantedBytes: number } | null
}

/** One write of this device, as the outbox view shows it. */
export interface OutboxItem {
  id: string
  entity: string
  key: string
  op: WriteOp
  /** What the row is called. */
  label: string
  /** When the write was made (milliseconds since 1970). */
  at: number
  state: 'waiting' | 'sending' | 'saved' | 'held' | 'refused'
  /** False where it lives in the open tabs alone: the device has no room, or stores nothing. */
  isStored: boolean
  attempts: number
  /** Why it was refused, or why the last attempt failed. */
  reason: { code: RejectionCode | ErrorCode | 'network'; message: string; issues: string[] } | null
  values: JsonRow
}

/** How a write ended. A refusal is the error `WriteRefused`. */
export type Settled =
  | { status: 'applied'; key: string; version: number | null }
  /** Some fields clashed (their names): what stands is shown, a question is open. */
  | { status: 'conflict'; key: string; version: number; fields: readonly string[] }

/** A refused write: it left the screen and waits in the refused list. */
export class WriteRefused extends Error {
  override readonly name = 'WriteRefused'
  constructor(
    readonly code: RejectionCode | ErrorCode | 'network' | 'discarded',
    message: string,
    readonly issues: string[],
    readonly writeId: string,
  ) {
    super(message)
  }
}

/** What a component wants to change. */
export type Intent =
  | { op: 'insert'; key?: string; values: JsonRow }
  | { op: 'update'; key: string; patch: JsonRow; typing?: boolean }
  | { op: 'delete'; key: string }
  | { op: 'restore'; key: string; patch?: JsonRow }

/** A write that is on screen and on its way: its id and key are final. */
export interface MadeWrite {
  id: string
  key: string
  /** Resolves once the write is stored on this device. */
  stored: Promise<void>
  /** Resolves when the server answered; rejects with `WriteRefused`. */
  settled: Promise<Settled>
}

/** What `sync.observe` reports. */
export type SyncEvent =
  | {
      kind: 'change'
      entity: string
      scope: string | null
      op: 'insert' | 'update' | 'delete'
      key: string
      before: JsonRow | null
      after: JsonRow | null
    }
  | { kind: 'connection'; connection: ConnectionView }
  | { kind: 'confirmed'; item: OutboxItem }
  | { kind: 'refused'; item: OutboxItem }
  | { kind: 'row-left-out'; entity: string; key: string; issues: string[] }
  | { kind: 'leader'; isLeader: boolean }

/** A question two people's changes raised, from the synced table `conflicts`. */
export interface Question {
  id: string
  scope: string
  entity: string
  key: string
  field: string
  base: Json
  currentValue: Json
  currentBy: string | null
  offeredValue: Json
  offeredBy: string | null
  at: string
}

export type Decision = { kind: 'current' } | { kind: 'offered' } | { kind: 'edited'; value: Json }
