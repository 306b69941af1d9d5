import 'server-only'
import type { Transaction } from '@/db/client'
import { allEntities, entityNamed } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import { isJsonObject, textIn, type JsonRow } from '@/lib/protocol/json'
import { namedRows, questionId, type NamedRow, type PlanState, type PlanningViewer } from './plan-state'
import { DELETED_FIELD, questions } from './questions'
import type { Write } from './received'
import type { RejectedWrites } from './rejected'
import { rowId } from './row-id'
import { lockRows, readOpenQuestions, readRows, readScopes, readUnreadable } from './statements'
import { wireColumns, wireRow } from './table'
import { WantedRows } from './wanted-rows'

/** What was read for a segment: the state to plan on, and the writes with their values as Postgres prints them. */
export interface Loaded {
  state: PlanState
  /** By the write as it was received: two of one request may bear the same id. */
  writes: Map<Write, Write>
  /** Every row as it is stored, by `rowId`. */
  stored: Map<string, JsonRow>
}

/**
 * Reads everything that decides about these writes, in few statements, and locks the rows they may change: entities in the order of the
 * registry, rows in the order of their ids, questions after the rows they are about. So two batches wait for each other and never in a
 * circle.
 */
export async function loadState(
  tx: Transaction,
  viewer: PlanningViewer,
  writes: readonly Write[],
  rejected: RejectedWrites,
): Promise<Loaded> {
  const state: PlanState = {
    viewer,
    rejected,
    rows: new Map(),
    unreadable: new Set(),
    referenced: new Map(),
    openQuestions: new Map(),
    ops: [],
    asked: [],
    containerLevels: new Map(),
  }
  const loaded: Loaded = { state, stored: new Map(), writes: new Map() }
  const wanted = new WantedRows(writes)
  await wantQuestionedRows(tx, wanted)
  // Questions come last: whoever holds a row holds what is asked about it.
  for (const entity of allEntities) if (entity !== questions) await loadEntity(tx, loaded, entity, wanted)
  await loadEntity(tx, loaded, questions, wanted)
  await loadReferenced(tx, state, writes)
  return loaded
}

/** A decision is about another row, which must be locked before its question. */
async function wantQuestionedRows(tx: Transaction, wanted: WantedRows): Promise<void> {
  const keys = wanted.keysOf(questions)
  if (keys.length === 0) return
  for (const question of await readRows(tx, questions, keys)) {
    const entity = entityNamed(textIn(question, 'entity'))
    if (entity) wanted.add(entity, textIn(question, 'entity_id'))
  }
}

async function loadEntity(tx: Transaction, loaded: Loaded, entity: AnyEntity, wanted: WantedRows): Promise<void> {
  if (wanted.keysOf(entity).length === 0) return
  const rows = wanted.of(entity)
  const asked: string[] = []
  for (const found of await lockRows(tx, entity, rows)) {
    if (found.row) remember(loaded, entity, found.row)
    if (found.row && found.is_asked) asked.push(textIn(found.row, 'id'))
    const write = wanted.writeAt(entity, found.position)
    if (write) loaded.writes.set(write, inColumnTypes(write, found))
  }
  const isMissing = (key: string) => wanted.isKnown(entity, key) && !loaded.stored.has(rowId(entity, key))
  const missing = wanted.keysOf(entity).filter(isMissing)
  if (missing.length > 0) {
    for (const row of await readRows(tx, entity, missing)) remember(loaded, entity, row)
    const hidden = missing.filter(isMissing)
    const unreadable = hidden.length === 0 ? [] : await readUnreadable(tx, entity, hidden)
    for (const key of unreadable) loaded.state.unreadable.add(rowId(entity, key))
  }
  if (asked.length > 0) await loadOpenQuestions(tx, loaded, asked)
}

function remember({ state, stored }: Loaded, entity: AnyEntity, raw: JsonRow): void {
  const row = wireRow(entity, raw)
  const key = textIn(row, 'id')
  const id = rowId(entity, key)
  if (!state.rows.has(id)) state.rows.set(id, { entity, key, row, changed: new Set(), lastOp: null })
  stored.set(id, row)
}

/** A write with its columns as Postgres prints them in their own types, so that what is equal there is equal here. */
function inColumnTypes(write: Write, printed: { patch: JsonRow; base: JsonRow }): Write {
  const { entity } = write
  switch (write.op) {
    case 'insert':
      return { ...write, values: wireColumns(entity, printed.patch, Object.keys(write.values)) }
    case 'update': {
      const patch = wireColumns(entity, printed.patch, Object.keys(write.patch))
      return { ...write, patch, base: wireColumns(entity, printed.base, Object.keys(write.base)) }
    }
    case 'restore':
      return { ...write, patch: wireColumns(entity, printed.patch, Object.keys(write.patch)) }
    case 'delete':
      return write
  }
}

/**
 * The viewer's open questions about rows that are locked by now. Read anew: while the lock was waited for, somebody may have decided one.
 * None can have come, because only the viewer asks in their own name, and their batches take turns.
 */
async function loadOpenQuestions(tx: Transaction, loaded: Loaded, keys: readonly string[]): Promise<void> {
  const { state } = loaded
  for (const raw of await readOpenQuestions(tx, keys)) {
    remember(loaded, questions, raw)
    const open = state.rows.get(rowId(questions, textIn(raw, 'id')))
    const id = questionId(textIn(raw, 'entity'), textIn(raw, 'entity_id'), textIn(raw, 'field'))
    if (open) state.openQuestions.set(id, open)
  }
}

async function loadReferenced(tx: Transaction, state: PlanState, writes: readonly Write[]): Promise<void> {
  const keysByEntity = new Map<string, Set<string>>()
  for (const write of writes) {
    for (const { entityName, key } of namedByWrite(state, write)) {
      keysByEntity.set(entityName, (keysByEntity.get(entityName) ?? new Set()).add(key))
    }
  }
  for (const [name, keys] of keysByEntity) {
    const entity = entityNamed(name)
    if (!entity) continue
    for (const { id, scope } of await readScopes(tx, entity, [...keys])) state.referenced.set(rowId(entity, id), scope)
  }
}

function namedByWrite(state: PlanState, write: Write): NamedRow[] {
  switch (write.op) {
    case 'insert':
      return namedRows(write.entity, write.values)
    case 'update':
      return write.entity === questions ? namedByDecision(state, write) : namedRows(write.entity, write.patch)
    case 'restore':
      return namedRows(write.entity, write.patch)
    case 'delete':
      return []
  }
}

/** A decision sets columns of the row in question. */
function namedByDecision(state: PlanState, { key, patch }: Extract<Write, { op: 'update' }>): NamedRow[] {
  const question = state.rows.get(rowId(questions, key))?.row
  const entity = question && entityNamed(textIn(question, 'entity'))
  if (!question || !entity) return []
  const field = textIn(question, 'field')
  return [question['offered_value'], patch['decided_value']].flatMap((value) => {
    if (value === undefined || value === null) return []
    const columns = field === DELETED_FIELD && isJsonObject(value) ? (value as JsonRow) : { [field]: value }
    return namedRows(entity, columns)
  })
}
