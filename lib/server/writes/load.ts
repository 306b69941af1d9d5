import 'server-only'
import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { allEntities, entityNamed } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import { isJsonObject, textIn, type JsonRow } from '@/lib/protocol/json'
import {
  namedRows,
  questionId,
  type NamedRow,
  type PlanState,
  type PlanningViewer,
  type WorkingRow,
} from './plan-state'
import { DELETED_FIELD, questions } from './questions'
import type { Write } from './received'
import type { RejectedWrites } from './rejected'
import { rowId } from './row-id'
import { lockRows, readInColumnTypes, readRows, readScopes, readUnreadable, uuids } from './statements'
import { wireColumns, wireRow } from './table'

/** What was read for a segment: the state to plan on, and the writes with their values as Postgres prints them. */
export interface Loaded {
  state: PlanState
  writes: Write[]
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
  const wanted = new WantedRows(writes)
  for (const question of await readQuestions(tx, wanted.keysOf(questions))) {
    const entity = entityNamed(textIn(question, 'entity'))
    if (entity) wanted.add(entity, textIn(question, 'entity_id'))
  }
  const rows = new Map<string, WorkingRow>()
  const stored = new Map<string, JsonRow>()
  const unreadable = new Set<string>()
  // Questions come last: whoever holds a row holds what is asked about it.
  const inOrder = [...allEntities.filter((entity) => entity !== questions), questions]
  for (const entity of inOrder) {
    const keys = wanted.keysOf(entity)
    if (keys.length === 0) continue
    const read = await readForChange(tx, entity, keys, wanted)
    for (const raw of read.rows) {
      const row = wireRow(entity, raw)
      const id = rowId(entity, textIn(row, 'id'))
      rows.set(id, { entity, key: textIn(row, 'id'), row, lastOp: null })
      stored.set(id, row)
    }
    for (const key of read.unreadable) unreadable.add(rowId(entity, key))
  }
  const state: PlanState = {
    viewer,
    rows,
    rejected,
    unreadable,
    referenced: new Map(),
    openQuestions: new Map(),
    ops: [],
    containerLevels: new Map(),
  }
  await readOpenQuestions(tx, state, stored, writes)
  await readReferenced(tx, state, writes)
  return { state, stored, writes: await inColumnTypes(tx, writes) }
}

/** The keys of the rows that a segment is about, by entity. */
class WantedRows {
  readonly #keys = new Map<AnyEntity, Set<string>>()
  /** Rows of which even the viewer who may not change them is told something else than "not found". */
  readonly #known = new Set<string>()

  constructor(writes: readonly Write[]) {
    for (const { op, entity, key } of writes) {
      this.add(entity, key)
      if (op !== 'insert') this.#known.add(rowId(entity, key))
    }
  }

  add(entity: AnyEntity, key: string): void {
    const keys = this.#keys.get(entity) ?? new Set()
    this.#keys.set(entity, keys.add(key))
  }

  keysOf(entity: AnyEntity): string[] {
    return [...(this.#keys.get(entity) ?? [])]
  }

  isKnown(entity: AnyEntity, key: string): boolean {
    return this.#known.has(rowId(entity, key))
  }
}

async function readForChange(
  tx: Transaction,
  entity: AnyEntity,
  keys: readonly string[],
  wanted: WantedRows,
): Promise<{ rows: JsonRow[]; unreadable: string[] }> {
  const rows = await lockRows(tx, entity, keys)
  const found = new Set(rows.map((row) => row['id']))
  const missing = () => keys.filter((key) => !found.has(key) && wanted.isKnown(entity, key))
  if (missing().length === 0) return { rows, unreadable: [] }
  for (const row of await readRows(tx, entity, missing())) {
    rows.push(row)
    found.add(row['id'])
  }
  return { rows, unreadable: missing().length === 0 ? [] : await readUnreadable(tx, entity, missing()) }
}

async function readQuestions(tx: Transaction, keys: readonly string[]): Promise<JsonRow[]> {
  return keys.length === 0 ? [] : readRows(tx, questions, keys)
}

/** My open questions about rows that may be asked about again. Row by row under their rows' locks, so no lock order is at stake. */
async function readOpenQuestions(
  tx: Transaction,
  state: PlanState,
  stored: Map<string, JsonRow>,
  writes: readonly Write[],
): Promise<void> {
  const keys = new Set(writes.filter(({ op }) => op !== 'delete').map(({ key }) => key))
  const targets = [...state.rows.values()].filter(({ entity, key }) => entity !== questions && keys.has(key))
  if (targets.length === 0) return
  const { rows } = await tx.execute<{ row: JsonRow }>(sql`
    SELECT to_jsonb(t) AS row FROM public.${sql.identifier(questions.name)} t
    WHERE t.entity_id = ANY (${uuids(targets.map(({ key }) => key))}) AND t.offered_by = ${state.viewer.user_id}::uuid
      AND t.decision IS NULL AND t.deleted_at IS NULL
    ORDER BY t.id
  `)
  for (const { row: raw } of rows) {
    const row = wireRow(questions, raw)
    const key = textIn(row, 'id')
    const open = state.rows.get(rowId(questions, key)) ?? { entity: questions, key, row, lastOp: null }
    stored.set(rowId(questions, key), row)
    state.openQuestions.set(questionId(textIn(row, 'entity'), textIn(row, 'entity_id'), textIn(row, 'field')), open)
  }
}

async function readReferenced(tx: Transaction, state: PlanState, writes: readonly Write[]): Promise<void> {
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

/** The writes with patches and bases as Postgres prints them in the columns' own types, so that equal values are equal here. */
async function inColumnTypes(tx: Transaction, writes: readonly Write[]): Promise<Write[]> {
  const read = new Map<Write, Write>()
  for (const entity of new Set(writes.map((write) => write.entity))) {
    const compared = writes.filter((write) => write.entity === entity).flatMap((write) => comparedColumns(write) ?? [])
    if (compared.length === 0) continue
    const printed = await readInColumnTypes(tx, entity, compared)
    for (const [index, { write, patch, base }] of compared.entries()) {
      const row = printed[index]
      if (!row) throw new Error('Postgres read fewer writes than were sent')
      read.set(
        write,
        withColumns(
          write,
          wireColumns(entity, row.patch, Object.keys(patch)),
          wireColumns(entity, row.base, Object.keys(base)),
        ),
      )
    }
  }
  return writes.map((write) => read.get(write) ?? write)
}

/** The columns of a write that are compared with a row; null when none are. */
function comparedColumns(write: Write): { write: Write; patch: JsonRow; base: JsonRow } | null {
  switch (write.op) {
    case 'insert':
      return write.entity.derivedKey ? { write, patch: write.values, base: {} } : null
    case 'update':
      return { write, patch: write.patch, base: write.base }
    case 'restore':
      return { write, patch: write.patch, base: {} }
    case 'delete':
      return null
  }
}

function withColumns(write: Write, patch: JsonRow, base: JsonRow): Write {
  switch (write.op) {
    case 'insert':
      return { ...write, values: patch }
    case 'update':
      return { ...write, patch, base }
    case 'restore':
      return { ...write, patch }
    case 'delete':
      return write
  }
}
