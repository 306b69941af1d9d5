import type { Row } from '../encoding/message'
import type { Table } from '../postgres/table'
import type { Relation, Tuple } from '../replication/pgoutput'
import { disagreementWith } from './agreement'
import { DependencyIndex } from './dependencies'
import type { PendingItem, Shape } from './shape'
import { TableRoutes } from './table-routes'

/** A change of one row, as it stands in a transaction. */
export type RowChange =
  { kind: 'insert'; new: Tuple } | { kind: 'update'; old: Tuple; new: Tuple } | { kind: 'delete'; old: Tuple }

export interface RouterEvents {
  /** The shape's definition no longer fits its table, or the table was truncated. */
  onRotate(shape: Shape, reason: string): void
  /** These shapes have new transactions; told before their readers are. */
  onChanged(shapes: readonly Shape[]): void
}

const RECENT_MAX = 1024

interface Transaction {
  xid: number
  commitLsn: bigint
  /** Position of the next change. */
  op: number
  touched: Set<Shape>
  rotated: Map<Shape, string>
}

/**
 * Takes the transactions of the replication stream to the shapes they concern. A change costs as much as the shapes it matches,
 * not as the shapes that exist: `TableRoutes` looks candidates up by the values in the row.
 */
export class Router {
  /** Commit LSN of the last transaction seen. */
  lastSeenLsn = 0n
  private readonly routes = new Map<number, TableRoutes[]>()
  private transaction: Transaction | null = null
  private readonly dependencies = new DependencyIndex()
  private changeCount = 0
  transactionCount = 0
  /** Transactions received last. Postgres may send a commit before snapshots show it: it waits for its standbys first. */
  private readonly recent: number[] = []

  constructor(private readonly events: RouterEvents) {}

  add(shape: Shape): void {
    const { table } = shape.definition
    const routes = this.routes.get(table.oid) ?? []
    this.routes.set(table.oid, routes)
    let own = routes.find((candidate) => candidate.table === table)
    if (!own) routes.push((own = new TableRoutes(table)))
    own.add(shape)
    if (shape.phase.kind === 'creating') shape.missed = this.recent.slice(-RECENT_MAX)
    this.dependencies.add(shape)
  }

  remove(shape: Shape): void {
    const { table } = shape.definition
    const routes = this.routes.get(table.oid) ?? []
    const own = routes.find((candidate) => candidate.table === table)
    own?.remove(shape)
    this.dependencies.remove(shape)
    if (own?.isEmpty !== true) return
    const rest = routes.filter((candidate) => candidate !== own)
    if (rest.length > 0) this.routes.set(table.oid, rest)
    else this.routes.delete(table.oid)
  }

  /** Whether anybody follows one of these tables. */
  follows(oids: number[]): boolean {
    return oids.some((oid) => this.routes.has(oid) || this.dependencies.follows(oid))
  }

  tables(): Table[] {
    return [...this.routes.values()].flat().map((routes) => routes.table)
  }

  get changeTotal(): number {
    return this.changeCount
  }

  get isInTransaction(): boolean {
    return this.transaction !== null
  }

  begin(xid: number, commitLsn: bigint): void {
    this.transaction = { xid, commitLsn, op: 0, touched: new Set(), rotated: new Map() }
  }

  /** Applies a change to the shapes on any of `targets`: the relation itself and the partitioned tables above it. */
  change(relation: Relation, targets: number[], change: RowChange): void {
    const transaction = this.transaction
    if (!transaction) return
    const op = transaction.op
    // Two per change leave room for the pair that a changed key becomes.
    transaction.op += 2
    this.changeCount++
    if (!this.dependencies.isEmpty) this.rotateDependents(relation, targets, change)
    for (const oid of targets) {
      for (const routes of this.routes.get(oid) ?? []) {
        const toRow = routes.rowReader(relation)
        const before = change.kind === 'insert' ? null : toRow(change.old)
        const after = change.kind === 'delete' ? null : toRow(change.new)
        routes.candidates(before, after, (shape) => this.apply(shape, relation, transaction, before, after, op))
      }
    }
  }

  truncate(targets: number[]): void {
    const transaction = this.transaction
    if (!transaction) return
    transaction.op += 2
    for (const oid of targets) {
      for (const routes of this.routes.get(oid) ?? []) {
        for (const shape of routes.shapes) {
          if (shape.wants(transaction.xid, transaction.commitLsn)) transaction.rotated.set(shape, 'truncated')
        }
      }
      for (const shape of this.dependencies.all(oid)) this.rotateDependent(shape)
    }
  }

  /** Ends the transaction: what it changed becomes visible in all shapes, then the readers are told. */
  commit(): void {
    const transaction = this.transaction
    if (!transaction) return
    this.transaction = null
    this.transactionCount++
    this.recent.push(transaction.xid)
    if (this.recent.length > 2 * RECENT_MAX) this.recent.splice(0, RECENT_MAX)
    const changed: Shape[] = []
    for (const shape of transaction.touched) {
      if (transaction.rotated.has(shape)) continue
      if (shape.commit(transaction.xid, transaction.commitLsn)) changed.push(shape)
    }
    this.lastSeenLsn = transaction.commitLsn
    for (const [shape, reason] of transaction.rotated) this.events.onRotate(shape, reason)
    if (changed.length === 0) return
    this.events.onChanged(changed)
    for (const shape of changed) shape.wake('changed')
  }

  /** Forgets a transaction whose end will not come on this connection. */
  abort(): void {
    for (const shape of this.transaction?.touched ?? []) shape.abort()
    this.transaction = null
  }

  /** A subquery's answer may be another one: whoever depends on it has to begin anew. */
  private rotateDependents(relation: Relation, targets: number[], change: RowChange): void {
    const toRow = (table: Table) => {
      const places = table.columns.map((column) => relation.columns.findIndex((own) => own.name === column.name))
      const order = (tuple: Tuple) => places.map((place) => tuple[place] ?? null)
      return {
        before: change.kind === 'insert' ? null : order(change.old),
        after: change.kind === 'delete' ? null : order(change.new),
      }
    }
    for (const oid of targets) {
      for (const shape of this.dependencies.affected(oid, toRow)) this.rotateDependent(shape)
    }
  }

  private rotateDependent(shape: Shape): void {
    const transaction = this.transaction
    if (!transaction?.rotated.has(shape) && transaction && shape.wants(transaction.xid, transaction.commitLsn)) {
      // Before its snapshot has begun, only the snapshot can tell whether it has seen this.
      if (shape.phase.kind === 'creating') shape.phase.staleBy.push(transaction.xid)
      else transaction.rotated.set(shape, 'a subquery returns other rows')
    }
  }

  private apply(
    shape: Shape,
    relation: Relation,
    transaction: Transaction,
    before: Row | null,
    after: Row | null,
    op: number,
  ): void {
    if (shape.seenChange === this.changeCount) return
    shape.seenChange = this.changeCount
    if (!shape.wants(transaction.xid, transaction.commitLsn) || transaction.rotated.has(shape)) return
    const disagreement = shape.agreedRelation === relation ? null : disagreementWith(shape, relation)
    if (disagreement !== null) {
      transaction.rotated.set(shape, disagreement)
      return
    }
    shape.agreedRelation = relation
    const number = this.changeCount
    const find = () => itemsFor(shape, transaction, { before, after, op, number })
    if (shape.mustDefer) {
      transaction.touched.add(shape)
      shape.defer(find, charsOf(before) + charsOf(after))
      return this.boundHeld(shape)
    }
    let items: PendingItem[]
    try {
      items = find()
    } catch (error) {
      // One shape that cannot go on must not hold up the others.
      transaction.rotated.set(shape, error instanceof Error ? error.message : 'its clause cannot be evaluated')
      return
    }
    if (items.length === 0) return
    transaction.touched.add(shape)
    shape.add(items)
    this.boundHeld(shape)
  }

  /** At once, not at the commit: one transaction alone may be more than memory holds. */
  private boundHeld(shape: Shape): void {
    if (shape.holdsTooMuch) this.events.onRotate(shape, 'too many changes before its snapshot began')
  }
}

function charsOf(row: Row | null): number {
  return row?.reduce((sum, value) => sum + (value?.length ?? 0), 0) ?? 0
}

/** A change as a shape sees it: rows in the order of its table, and its number among all changes. */
interface SeenChange {
  before: Row | null
  after: Row | null
  op: number
  number: number
}

function itemsFor(shape: Shape, stamp: Transaction, { before, after, op, number }: SeenChange): PendingItem[] {
  const { where } = shape.definition
  const wasIn = before !== null && (where === null || where.matches(before))
  const isIn = after !== null && (where === null || where.matches(after))
  const { encoder } = shape
  if (wasIn && isIn) return encoder.once('update', number, (encode) => encode.update(before, after, stamp, op))
  if (wasIn) return encoder.once('delete', number, (encode) => [{ text: encode.delete(before, stamp, op), op }])
  if (isIn) return encoder.once('insert', number, (encode) => [{ text: encode.insert(after, stamp, op), op }])
  return []
}
