import 'client-only'
import { type ShapeState, rowsOf } from './known-shape'
import { SCHEMA_VERSION } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import type { JsonRow } from '@/lib/protocol/json'
import type { CachedShape, ShapeMeta } from '../cache/local-store'
import { rowBytes } from '../cache/local-store'
import { Emitter } from '../emitter'
import type { SeenTransactions } from '../overlay/confirm'
import type { Author } from '../overlay/optimistic-row'
import { NOTHING_LAID, overlayRows } from '../overlay/overlay'
import type { OutboxEntry } from '../outbox/entry'
import { entityOf, shapeIdOf, type ShapeId } from '../shapes/shape-name'
import type { Snapshot } from '../shapes/snapshot'
import { NOTHING_YET, type ShapeName, type ShapeStatus } from '../types'
import { NO_ROWS, type Rows } from './rows'
import type { ShapeStep } from './shape-state'

/** How many transactions of a shape are remembered to recognise their writes. */
const TXIDS_MAX = 256

/** One shape in this tab: its state, what people see of it, and who looks. */
export class ShapeHolder {
  readonly id: ShapeId
  readonly entity: AnyEntity
  readonly scope: string | null
  state: ShapeState = { kind: 'cold' }
  view = NOTHING_YET
  /** Tells that `view` is another object. */
  readonly changed = new Emitter()
  /** Counts commits, as the cache does. */
  seq = 0
  /** `seq` of what the cache holds, once all that was handed to it is stored. */
  cachedSeq = 0
  /** Settles when the cache has been read. */
  reading: Promise<void> | null = null
  /** Counts how often the log began anew. */
  generation = 0
  /** False once the browser had no room for it: it lives in memory until it is opened again. */
  isCached = true
  isPinned = false
  usedAt = 0
  #bytes = 0
  #txids: number[] = []
  #seenTxids = new Set<number>()
  #snapshot: Snapshot | null = null
  #laid = NOTHING_LAID

  constructor(readonly name: ShapeName) {
    this.id = shapeIdOf(name)
    this.entity = entityOf(name.entity)
    this.scope = name.scope
  }

  get seen(): SeenTransactions {
    return { txids: this.#seenTxids, snapshot: this.#snapshot }
  }

  /** Takes what the cache holds; false when this tab knows as much already. */
  load(cached: CachedShape | null): boolean {
    this.cachedSeq = cached?.meta.seq ?? 0
    if (this.state.kind !== 'cold' && (cached?.meta.seq ?? 0) <= this.seq) return false
    if (!cached) {
      this.state = { kind: 'loading', position: null, rows: NO_ROWS }
      return true
    }
    const { meta } = cached
    this.seq = meta.seq
    this.#bytes = meta.bytes
    this.isPinned = meta.isPinned
    this.usedAt = meta.usedAt
    this.#remember(meta.txids)
    this.#snapshot = meta.snapshot
    const position = { handle: meta.handle, offset: meta.offset }
    this.state = { kind: meta.isComplete ? 'stale' : 'loading', position, rows: cached.rows }
    return true
  }

  /** Takes over what an event did (`nextShape`). `render` afterwards shows it. */
  take(step: ShapeStep): void {
    this.state = step.state
    this.seq++
    if (step.isAnew) this.generation++
    if (step.snapshot) this.#snapshot = step.snapshot
    if (step.txids.size > 0) this.#remember([...this.#txids, ...step.txids])
    for (const { before, after } of step.changes) this.#bytes += rowBytes(after) - rowBytes(before)
  }

  /** The meta record for a commit; null while there is no position to resume from. */
  meta(now: number): ShapeMeta | null {
    if (this.state.kind !== 'loading' && this.state.kind !== 'stale' && this.state.kind !== 'ready') return null
    if (!this.state.position) return null
    return {
      id: this.id,
      ...this.state.position,
      schema: SCHEMA_VERSION,
      isComplete: this.state.kind !== 'loading',
      seq: this.seq,
      usedAt: this.usedAt || now,
      bytes: Math.max(0, this.#bytes),
      isPinned: this.isPinned,
      txids: this.#txids,
      snapshot: this.#snapshot,
    }
  }

  /** Takes over what the leader's tab did to this shape. */
  mirror(seq: number, state: ShapeState): void {
    this.seq = seq
    this.state = state
  }

  /** Shows the rows with a page of older ones that the leader's tab is told of: nobody may lead at this moment. */
  showPage(rows: Rows): void {
    if (this.state.kind !== 'cold' && this.state.kind !== 'refused') this.state = { ...this.state, rows }
  }

  /** Lays the outbox over the rows again. `isLocalOnly`: the container exists on this device alone so far. */
  render(entries: readonly OutboxEntry[], author: Author, isLocalOnly: boolean): void {
    this.#laid = overlayRows(
      { entity: this.entity, scope: this.scope, rows: rowsOf(this.state), seen: this.seen },
      entries,
      author,
      this.#laid,
    )
    const { rows } = this.#laid
    const status = isLocalOnly ? 'ready' : statusOf(this.state)
    const error = this.state.kind === 'refused' && !isLocalOnly ? this.state.failure : null
    const { view, generation } = this
    if (view.status === status && view.error === error && view.generation === generation && view.rows === rows) return
    this.view = { status, error, generation, rows }
    this.changed.emit()
  }

  row(key: string): JsonRow | null {
    return this.view.rows.get(key) ?? null
  }

  #remember(txids: readonly number[]): void {
    this.#txids = txids.slice(-TXIDS_MAX)
    this.#seenTxids = new Set(this.#txids)
  }
}

function statusOf(state: ShapeState): ShapeStatus {
  switch (state.kind) {
    case 'cold':
    case 'loading':
      return 'loading'
    case 'refetching':
    case 'stale':
      return 'stale'
    case 'ready':
      return 'ready'
    case 'refused':
      return 'refused'
  }
}
