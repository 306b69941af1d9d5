import 'client-only'
import type { AnyEntity } from '@/lib/entity/define'
import type { Failure } from '@/lib/protocol/errors'
import type { JsonRow } from '@/lib/protocol/json'
import { compareOffsets } from '@/lib/protocol/offset'
import { unreachable } from '@/lib/protocol/unreachable'
import type { ShapeMessage } from '../shapes/messages'
import type { Snapshot } from '../shapes/snapshot'
import { rowsOf, type Position, type ShapeState } from './known-shape'
import { isVersioned, leftOutRow, NO_ROWS, versionOf, type LeftOut, type Rows } from './rows'

export type ShapeEvent =
  /** What the stream delivered, up to `position`. */
  | { kind: 'batch'; messages: readonly ShapeMessage[]; position: Position }
  /** The rows with a page from the history door merged in (`withPage`). */
  | { kind: 'history'; rows: Rows; leftOut: LeftOut[] }
  /** `isGone`: it is not mine any more, so nothing of it stays on screen. */
  | { kind: 'refused'; failure: Failure; isGone?: boolean }
  /** Access may have changed: what was refused is asked for again. */
  | { kind: 'reopened' }

export interface RowChange {
  key: string
  before: JsonRow | null
  after: JsonRow | null
}

/** What an event did to a shape. */
export interface ShapeStep {
  state: ShapeState
  /** Rows on screen that changed. */
  changes: RowChange[]
  /** Rows that do not pass the entity's schema: kept out. */
  leftOut: LeftOut[]
  /** Transactions the batch carried: low 32 bits. */
  txids: Set<number>
  /** The snapshot the batch ended, if it did. */
  snapshot: Snapshot | null
  /** The log began anew. */
  isAnew: boolean
}

/** A shape after an event. Pure: no clock, fetch or storage. */
export function nextShape(entity: AnyEntity, state: ShapeState, event: ShapeEvent): ShapeStep {
  switch (event.kind) {
    case 'batch':
      return applyBatch(entity, state, event.messages, event.position)
    case 'history':
      if (state.kind === 'cold' || state.kind === 'refused') return unchanged(state)
      return { ...step({ ...state, rows: event.rows }, state.rows), leftOut: event.leftOut }
    case 'refused':
      return refused(state, event.failure, event.isGone === true)
    case 'reopened':
      if (state.kind !== 'refused') return unchanged(state)
      return step({ kind: 'loading', position: null, rows: NO_ROWS }, state.rows)
    default:
      return unreachable(event)
  }
}

function refused(state: ShapeState, failure: Failure, isGone: boolean): ShapeStep {
  return step({ kind: 'refused', rows: isGone ? NO_ROWS : rowsOf(state), failure }, rowsOf(state))
}

function applyBatch(
  entity: AnyEntity,
  state: ShapeState,
  messages: readonly ShapeMessage[],
  position: Position,
): ShapeStep {
  if (state.kind === 'refused' || state.kind === 'cold') return unchanged(state)
  const isAnew = messages.some(({ kind }) => kind === 'must-refetch')
  if (isOld(state.position, position) && !isAnew) return unchanged(state)
  const work: Work = {
    rows: state.kind === 'refetching' ? state.staged : state.rows,
    touched: new Map(),
    isFresh: state.kind === 'refetching',
    leftOut: [],
    txids: new Set(),
    snapshot: null,
    isUpToDate: false,
  }
  for (const message of messages) applyMessage(entity, work, message)
  work.rows = withTouched(work)
  const after = stateAfter(entity, state, work, position)
  const shown = rowsOf(state)
  return {
    ...unchanged(after),
    // Of many rows few change: only those that were touched are looked at.
    changes: work.isFresh ? changesBetween(shown, rowsOf(after)) : changesOf(shown, work.touched),
    leftOut: work.leftOut,
    txids: work.txids,
    snapshot: work.snapshot,
    // A log that begins anew twice before it was whole is one beginning.
    isAnew: isAnew && state.kind !== 'refetching',
  }
}

interface Work {
  /** As they were; what the batch does to them is in `touched`. */
  rows: Rows
  /** Rows that were put, null where they are gone. */
  touched: Map<string, JsonRow | null>
  /** The rows belong to a log that began anew. */
  isFresh: boolean
  leftOut: LeftOut[]
  txids: Set<number>
  snapshot: Snapshot | null
  isUpToDate: boolean
}

function applyMessage(entity: AnyEntity, work: Work, message: ShapeMessage): void {
  switch (message.kind) {
    case 'insert':
    case 'update':
      for (const txid of message.txids) work.txids.add(txid)
      putRow(entity, work, message)
      return
    case 'delete':
      for (const txid of message.txids) work.txids.add(txid)
      work.touched.set(message.key, null)
      return
    case 'must-refetch':
      work.rows = NO_ROWS
      work.touched.clear()
      work.isFresh = true
      work.isUpToDate = false
      return
    case 'snapshot-end':
      work.snapshot = message.snapshot
      return
    case 'up-to-date':
      work.isUpToDate = true
      return
    default:
      unreachable(message)
  }
}

function putRow(
  entity: AnyEntity,
  work: Work,
  { kind, key, columns }: Extract<ShapeMessage, { kind: 'insert' | 'update' }>,
): void {
  const before = work.touched.has(key) ? work.touched.get(key) : work.rows.get(key)
  const read = entity.row.safeParse(kind === 'update' && before ? { ...before, ...columns } : columns)
  if (!read.success) {
    work.leftOut.push(leftOutRow(key, read.error.issues))
    work.touched.set(key, null)
    return
  }
  if (before && isVersioned(entity) && versionOf(read.data) < versionOf(before)) return
  work.touched.set(key, read.data)
}

/** The rows with what was touched; the same ones when nothing was. */
function withTouched({ rows, touched }: Work): Rows {
  if (touched.size === 0) return rows
  const after = new Map(rows)
  for (const [key, row] of touched) {
    if (row) after.set(key, row)
    else after.delete(key)
  }
  return after
}

function changesOf(before: Rows, touched: ReadonlyMap<string, JsonRow | null>): RowChange[] {
  return [...touched].flatMap(([key, after]) => {
    const old = before.get(key) ?? null
    return old === after ? [] : [{ key, before: old, after }]
  })
}

function stateAfter(
  entity: AnyEntity,
  state: Exclude<ShapeState, { kind: 'cold' | 'refused' }>,
  work: Work,
  position: Position,
): ShapeState {
  if (work.isUpToDate) return { kind: 'ready', position, rows: completeRows(entity, state, work) }
  if (!work.isFresh) return { ...state, position, rows: work.rows }
  // A first snapshot that begins anew shows what it has; a complete shape keeps its old rows on screen.
  if (state.kind === 'loading') return { kind: 'loading', position: afterRefetch(work, position), rows: work.rows }
  return { kind: 'refetching', position: afterRefetch(work, position), rows: state.rows, staged: work.rows }
}

/** A complete new snapshot replaces all; an entity that grows without end has none, its pages go when page one is in again. */
function completeRows(entity: AnyEntity, state: { rows: Rows }, work: Work): Rows {
  return entity.history && work.isFresh ? new Map([...state.rows, ...work.rows]) : work.rows
}

function afterRefetch(work: Work, position: Position): Position | null {
  return work.rows.size === 0 && !work.snapshot ? null : position
}

/** A batch that was already applied, come again. */
function isOld(at: Position | null, position: Position): boolean {
  return at !== null && at.handle === position.handle && compareOffsets(position.offset, at.offset) < 0
}

function step(state: ShapeState, before: Rows): ShapeStep {
  return {
    state,
    changes: changesBetween(before, rowsOf(state)),
    leftOut: [],
    txids: new Set(),
    snapshot: null,
    isAnew: false,
  }
}

function unchanged(state: ShapeState): ShapeStep {
  return { state, changes: [], leftOut: [], txids: new Set(), snapshot: null, isAnew: false }
}

function changesBetween(before: Rows, after: Rows): RowChange[] {
  if (before === after) return []
  const changes: RowChange[] = []
  for (const [key, row] of after) {
    const old = before.get(key) ?? null
    if (old !== row) changes.push({ key, before: old, after: row })
  }
  for (const [key, row] of before) if (!after.has(key)) changes.push({ key, before: row, after: null })
  return changes
}
