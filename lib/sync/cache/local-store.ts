import 'client-only'
import type { JsonRow } from '@/lib/protocol/json'
import type { Offset } from '@/lib/protocol/offset'
import type { OutboxEntry } from '../outbox/entry'
import type { Snapshot } from '../shapes/snapshot'
import type { Rows } from '../store/rows'
import type { RowChange } from '../store/shape-state'

/** What the cache knows of a shape besides its rows. */
export interface ShapeMeta {
  id: string
  handle: string
  offset: Offset
  /** Version of the entities' schemas its rows passed. */
  schema: number
  /** False while the first snapshot is still arriving. */
  isComplete: boolean
  /** Counts commits: a tab that missed one sees it. */
  seq: number
  /** Last opened (milliseconds since 1970). */
  usedAt: number
  /** What its rows take, roughly. */
  bytes: number
  isPinned: boolean
  /** Transactions seen lately in its log (low 32 bits), and the snapshot it began with. */
  txids: number[]
  snapshot: Snapshot | null
}

export interface CachedShape {
  meta: ShapeMeta
  rows: Rows
}

/** One batch: rows, position and confirmed writes change together or not at all. */
export interface ShapeCommit {
  meta: ShapeMeta
  /** `seq` of what the cache must hold for the changes to make it whole; 0 where they are all rows there are. */
  baseSeq: number
  changes: readonly RowChange[]
  /** Outbox entries this batch confirmed, by `seq`. */
  echoed: readonly number[]
}

/** Thrown by what a leader writes after a younger one took over. */
export class EpochLost extends Error {
  override readonly name = 'EpochLost'
  constructor() {
    super('another tab leads now')
  }
}

/** Thrown by a commit that continues what is not there any more: another tab evicted the shape, or wiped the cache. */
export class CacheLost extends Error {
  override readonly name = 'CacheLost'
}

/**
 * What this browser keeps for one user. `epoch` is the leader's: a write under an older one fails with `EpochLost`.
 * Everything rejects with the browser's error when storage fails; `isQuotaError` tells a full disk.
 */
export interface LocalStore {
  /** False for memory: nothing survives closing. */
  readonly isDurable: boolean
  clientId(): Promise<string>
  /** Begins the next leader's time. */
  takeEpoch(): Promise<number>
  /** Null when nothing usable is cached. */
  readShape(id: string): Promise<CachedShape | null>
  listShapes(): Promise<ShapeMeta[]>
  commit(commit: ShapeCommit, epoch: number): Promise<void>
  touchShape(id: string, change: Partial<Pick<ShapeMeta, 'usedAt' | 'isPinned'>>): Promise<void>
  dropShapes(ids: readonly string[]): Promise<void>
  /** In the order the writes were made. */
  readOutbox(): Promise<OutboxEntry[]>
  /** Stores a new write; answers its place. */
  append(entry: OutboxEntry): Promise<number>
  /** Puts a coalesced write in place of one that was never sent; false when that one is on its way or gone. */
  replaceUnsent(entry: OutboxEntry): Promise<boolean>
  /** Marks writes as sent before they are; answers all that are still there, those that may not be sent unmarked. */
  markSent(seqs: readonly number[], epoch: number): Promise<OutboxEntry[]>
  saveOutbox(puts: readonly OutboxEntry[], deleted: readonly number[], epoch: number | null): Promise<void>
  /** Deletes all cached shapes; the outbox stays for its owner. */
  wipeCache(): Promise<void>
  close(): void
}

/** Whether an error says that the browser grants no more room. */
export function isQuotaError(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError'
}

/** What a row takes in storage, roughly, in bytes. */
export function rowBytes(row: JsonRow | null): number {
  if (!row) return 0
  let bytes = 64
  for (const value of Object.values(row)) {
    if (typeof value === 'string') bytes += value.length
    else bytes += typeof value === 'object' && value !== null ? JSON.stringify(value).length : 8
  }
  return bytes
}

/** The entry as it is stored once it is on its way; one that waits for a person or was answered stays as it is. */
export function asSent(entry: OutboxEntry): OutboxEntry {
  const { phase } = entry
  return phase.kind === 'queued' || phase.kind === 'storing'
    ? { ...entry, phase: { kind: 'sent', attempts: 0, failure: null } }
    : entry
}
