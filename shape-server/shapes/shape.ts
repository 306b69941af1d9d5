import { closeItem, isVisible } from '../encoding/message'
import type { MessageEncoder, PgSnapshot } from '../encoding/message'
import type { Relation } from '../replication/pgoutput'
import type { ShapeLog } from '../storage/shape-log'
import type { SnapshotLog } from '../storage/snapshot-log'
import type { Table } from '../postgres/table'
import { schemaHeader, selectedNames } from './definition'
import type { ShapeDefinition } from './definition'

/** An item of a transaction before it is known whether it is the shape's last. */
export interface PendingItem {
  text: string
  op: number
}

/** A change that cannot be looked at yet: what subqueries return is read with the snapshot. */
export type DeferredItems = () => PendingItem[]

interface HeldTransaction {
  xid: number
  commitLsn: bigint
  items: (PendingItem | DeferredItems)[]
}

/** How far a shape has come. */
type Phase =
  /** The snapshot's point in time is not known yet: transactions wait. */
  | { kind: 'creating'; held: HeldTransaction[]; heldChars: number; staleBy: number[] }
  /** Transactions the snapshot already shows are left out, up to a position none of them can lie behind. */
  | { kind: 'filtering'; snapshot: PgSnapshot; until: bigint }
  /** Everything behind the snapshot's position is new; what lies before it only comes when a connection begins again further back. */
  | { kind: 'following'; until: bigint }
  | { kind: 'removed' }

/** What a waiting reader is told. */
export type Wake = 'changed' | 'removed' | 'unavailable'

const HELD_CHARS_MAX = 64 << 20

/** The snapshot does not go with the log: it must be taken again. */
export class StaleSnapshotError extends Error {}

/** One life of a shape: definition, snapshot, log, and the readers that wait for it. */
export class Shape {
  phase: Phase = { kind: 'creating', held: [], heldChars: 0, staleBy: [] }
  readonly waiters = new Set<(wake: Wake) => void>()
  /** The relation message this shape was last found to agree with. */
  agreedRelation: Relation | null = null
  /** Number of the change that last reached this shape, so that one is never applied twice. */
  seenChange = 0
  /** Time of the last request, for eviction. */
  usedAt = Date.now()
  /** Another life of its definition is there for whoever begins anew. */
  isSuperseded = false
  /** Which transactions the snapshot shows; null until it has begun. */
  snapshotPoint: { snapshot: PgSnapshot; until: bigint } | null = null
  /** The defining parameters of the last request that was found to mean this shape. */
  requestKey: string | null = null
  /** The body sent last, shared by all who ask for the same. */
  lastBody: { key: string; bytes: Buffer } | null = null
  /** The same as events. */
  lastEvents: { key: string; bytes: Buffer } | null = null
  /** Transactions received shortly before this shape was there. */
  missed: readonly number[] = []
  private pending: PendingItem[] = []
  private deferred: DeferredItems[] = []
  private lastSchema: string | null = null

  constructor(
    readonly handle: string,
    readonly definition: ShapeDefinition,
    readonly identity: string,
    readonly encoder: MessageEncoder,
    readonly log: ShapeLog,
    readonly snapshot: SnapshotLog,
    /** Resolves when the snapshot's query has begun; rejects when the shape could not be made. */
    readonly started: Promise<void>,
  ) {}

  get isRemoved(): boolean {
    return this.phase.kind === 'removed'
  }

  /** Bytes on disk (or in the blobs that stand for it). */
  get bytes(): number {
    return this.snapshot.size + this.log.bytes
  }

  /** Gives back memory that only speeds up readers. */
  rest(): void {
    this.log.dropTail()
    this.lastBody = null
    this.lastEvents = null
  }

  /** The `electric-schema` header's value. */
  get schema(): string {
    this.lastSchema ??= schemaHeader(this.definition)
    return this.lastSchema
  }

  /** The table is another in what changes no message (nullability, lengths); clients parse by what the schema says of it. */
  describeBy(table: Table): void {
    const selected = selectedNames(this.definition).map((name) => table.columns.findIndex((c) => c.name === name))
    this.lastSchema = schemaHeader({ table, selected })
  }

  /** Whether a transaction has anything to tell this shape. */
  wants(xid: number, commitLsn: bigint): boolean {
    switch (this.phase.kind) {
      case 'creating':
        // What is held already comes again when the connection broke meanwhile.
        return commitLsn > (this.phase.held.at(-1)?.commitLsn ?? 0n)
      case 'following':
        return commitLsn > this.phase.until && commitLsn > this.log.end.tx
      case 'removed':
        return false
      case 'filtering':
        if (commitLsn > this.phase.until) {
          this.phase = { kind: 'following', until: this.phase.until }
          return commitLsn > this.log.end.tx
        }
        return commitLsn > this.log.end.tx && !isVisible(this.phase.snapshot, xid)
    }
  }

  /** Adds items of the transaction under way. */
  add(items: PendingItem[]): void {
    for (const item of items) this.pending.push(item)
    if (this.phase.kind === 'creating') {
      for (const item of items) this.phase.heldChars += item.text.length
      return
    }
    // All but the newest, which may turn out to be the last; many at once when the snapshot has begun half-way.
    const newest = this.pending.pop()
    for (const item of this.pending) this.log.stage(closeItem(item.text, false), item.op)
    this.pending = newest ? [newest] : []
  }

  /** Whether changes have to wait because the clause cannot be evaluated before the snapshot has begun. */
  get mustDefer(): boolean {
    // What began deferred goes on so: items keep their order.
    if (this.deferred.length > 0) return true
    return this.phase.kind === 'creating' && (this.definition.where?.dependencies.length ?? 0) > 0
  }

  /** Adds a change, of rows with so many characters, that is looked at when the snapshot has begun. */
  defer(items: DeferredItems, chars: number): void {
    this.deferred.push(items)
    if (this.phase.kind === 'creating') this.phase.heldChars += chars
  }

  /** Ends the transaction under way. True when readers have something new. */
  commit(xid: number, commitLsn: bigint): boolean {
    const isWanted = this.wants(xid, commitLsn)
    const items: HeldTransaction['items'] = [...this.pending, ...this.deferred]
    this.pending = []
    this.deferred = []
    if (items.length === 0) return false
    // The snapshot began between its first change and its commit, and shows it whole.
    if (!isWanted) return false
    if (this.phase.kind === 'creating') {
      this.phase.held.push({ xid, commitLsn, items })
      return false
    }
    this.append({ xid, commitLsn, items })
    return true
  }

  /** Forgets the transaction under way. */
  abort(): void {
    this.pending = []
    this.deferred = []
    this.log.discard()
  }

  /** Whether so much waits for the snapshot's start that the shape had better be given up. */
  get holdsTooMuch(): boolean {
    return this.phase.kind === 'creating' && this.phase.heldChars > HELD_CHARS_MAX
  }

  /** The snapshot's point in time is known: what waited is appended or left out. Positions behind `until` are never in it. */
  begin(snapshot: PgSnapshot, until: bigint): void {
    if (this.phase.kind !== 'creating') return
    const { held, staleBy } = this.phase
    // What a subquery returns changed after it was read, or a transaction went by before the shape was there and is in no log.
    if ([...staleBy, ...this.missed].some((xid) => !isVisible(snapshot, xid))) throw new StaleSnapshotError()
    this.missed = []
    this.snapshotPoint = { snapshot, until }
    this.phase = { kind: 'filtering', snapshot, until }
    for (const transaction of held) {
      if (!isVisible(snapshot, transaction.xid)) this.append(transaction)
    }
  }

  /** Takes up a stored life. */
  resume(snapshot: PgSnapshot, until: bigint): void {
    this.snapshotPoint = { snapshot, until }
    this.phase = { kind: 'filtering', snapshot, until }
  }

  /** Ends this life; everybody who waits is told. */
  remove(): void {
    if (this.phase.kind === 'removed') return
    this.phase = { kind: 'removed' }
    this.pending = []
    this.deferred = []
    this.snapshot.remove()
    this.log.remove()
    this.wake('removed')
  }

  wake(wake: Wake): void {
    const waiting = [...this.waiters]
    for (const waiter of waiting) waiter(wake)
  }

  private append(transaction: HeldTransaction): void {
    const items = transaction.items.flatMap((item) => (typeof item === 'function' ? item() : [item]))
    const last = items.length - 1
    items.forEach((item, i) => this.log.stage(closeItem(item.text, i === last), item.op))
    this.log.commit(transaction.commitLsn)
  }
}
