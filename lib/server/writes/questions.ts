import 'server-only'
import { conflicts } from '@/entities/conflicts'
import { isReadByAll } from '@/lib/entity/access'
import type { AnyEntity } from '@/lib/entity/define'
import { derivedUuid } from '@/lib/entity/keys'
import { isJsonObject, type Json, type JsonRow } from '@/lib/protocol/json'
import type { FieldClash } from '@/lib/protocol/writes'
import { addOp, questionId, scopeValue, type PlanState, type RowOp, type WorkingRow } from './plan-state'
import { rowId } from './row-id'

/** The table of questions. */
export const questions: AnyEntity = conflicts

/** The field of a question about a row that one person edits and another deleted. */
export const DELETED_FIELD = 'deleted_at'

/**
 * Asks about a clash: one open question per row, field and author. The author's later writes replace what they offer, and what the
 * question shows as current is brought up to date. Nothing is asked about rows that not everybody in their scope reads: everybody there
 * reads questions, and the writer has the answer.
 */
export function ask(state: PlanState, target: WorkingRow, clash: FieldClash, writeId: string): void {
  const { entity, key, row } = target
  if (!isReadByAll(entity)) return
  const id = questionId(entity.name, key, clash.field)
  const open = state.openQuestions.get(id)
  const now = { ...showing(state, target, clash.field, clash.theirs), write_id: writeId }
  if (open) {
    const offered = clash.field === DELETED_FIELD ? bothPatches(open.row['offered_value'], clash.yours) : clash.yours
    show(state, target, clash.field, change(state, open, { ...now, offered_value: offered }))
    return
  }
  const columns: JsonRow = {
    scope_id: scopeValue(entity, key, row, state.viewer.user_id),
    entity: entity.name,
    entity_id: key,
    field: clash.field,
    base: clash.base,
    offered_value: clash.yours,
    ...now,
  }
  const questionKey = derivedUuid(writeId, `conflict:${clash.field}`)
  const op = addOp(
    state,
    { kind: 'insert', entity: questions, key: questionKey, columns },
    { rows: [rowId(entity, key)] },
  )
  state.openQuestions.set(id, { entity: questions, key: questionKey, row: columns, changed: new Set(), lastOp: op })
  show(state, target, clash.field, op)
}

/** What a question says of the current value. Who wrote it: the viewer, or whoever history names (`asked`), or who wrote the row last. */
export function showing(state: PlanState, target: WorkingRow, field: string, value: Json): JsonRow {
  const author = target.changed.has(field) ? state.viewer.user_id : (target.row['updated_by'] ?? null)
  return { current_value: value, current_by: author }
}

/** Has history asked who wrote the value that an operation shows. */
export function show(state: PlanState, target: WorkingRow, field: string, op: RowOp): RowOp {
  if (!target.changed.has(field)) state.asked.push({ op, entityId: target.key, field })
  return op
}

/** The author of an open question wrote the field anew, having seen what stands: that answers it. */
export function settleOwn(state: PlanState, target: WorkingRow, changes: JsonRow): void {
  for (const [field, value] of Object.entries(changes)) {
    const id = questionId(target.entity.name, target.key, field)
    const open = state.openQuestions.get(id)
    if (!open) continue
    change(state, open, { decision: 'edited', decided_value: value })
    state.openQuestions.delete(id)
  }
}

/** Plans a change of a question. */
export function change(state: PlanState, question: WorkingRow, columns: JsonRow): RowOp {
  const { key } = question
  const op = addOp(state, { kind: 'update', entity: questions, key, columns })
  // A question may be new in this request and then is not among the rows that writes name.
  op.level = Math.max(op.level, (question.lastOp?.level ?? -1) + 1)
  question.row = { ...question.row, ...columns }
  question.lastOp = op
  return op
}

function bothPatches(before: Json | undefined, patch: Json): Json {
  return isJsonObject(before) && isJsonObject(patch) ? { ...(before as JsonRow), ...(patch as JsonRow) } : patch
}
