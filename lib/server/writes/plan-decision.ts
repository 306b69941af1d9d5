import 'server-only'
import { entityNamed } from '@/entities'
import { mayDelete, refusedFields } from '@/lib/entity/access'
import { isSameJson } from '@/lib/entity/merge/equal'
import { isJsonObject, textIn, type Json, type JsonRow } from '@/lib/protocol/json'
import { forbidden, invalid, notFound, type Rejection } from './outcome'
import { addOp, type Decision, type PlanState, type WorkingRow } from './plan-state'
import { findRow, refusePatch, rememberChange, scopeOf } from './plan-update'
import { change, DELETED_FIELD, questions, show, showing } from './questions'
import type { Write } from './received'
import { checkReferences } from './references'
import { rowId } from './row-id'

/** A decision about an open question: which value stands, and what the row takes for it. */
export function planDecision(state: PlanState, write: Extract<Write, { op: 'update' }>): Decision {
  const question = findRow(state, write)
  if (!question) return notFound()
  const target = questionedRow(state, question)
  // Whoever may not change the row it is about was not even given it to lock.
  if (!target) return forbidden()
  const field = textIn(question.row, 'field')
  const { viewer } = state
  const subject = { entity: target.entity, scope: scopeOf(state, target), row: target.row, viewer }
  const asked = field === DELETED_FIELD ? Object.keys(asPatch(question.row['offered_value'] ?? null) ?? {}) : [field]
  if (refusedFields(subject, asked).length > 0) return forbidden()
  // A question about a deleted row is whether it comes back.
  if (field === DELETED_FIELD && !mayDelete(subject)) return forbidden()
  if (question.row['deleted_at'] !== null || question.row['decision'] !== null) {
    return invalid('patch.decision: the question is already settled')
  }
  const chosen = chosenValue(write.patch, question.row)
  if ('kind' in chosen) return chosen

  const stands = target.row[field] ?? null
  if (!isSameJson(stands, question.row['current_value'] ?? null))
    return askAgain(state, question, target, stands, chosen.value)
  const set = chosen.value === undefined ? { columns: {} } : columnsToSet(state, target, field, chosen.value)
  if ('kind' in set) return set

  const changed = Object.fromEntries(
    Object.entries(set.columns).filter(([n, v]) => !isSameJson(v, target.row[n] ?? null)),
  )
  const isChange = Object.keys(changed).length > 0
  const op = isChange
    ? addOp(state, { kind: 'update', entity: target.entity, key: target.key, columns: changed })
    : null
  if (op) {
    rememberChange(target, changed)
    target.lastOp = op
  }
  const decided = change(state, question, {
    decision: write.patch['decision'] ?? null,
    decided_value: write.patch['decided_value'] ?? null,
  })
  return {
    kind: 'applied',
    isChange: true,
    subject: { entity: questions, key: question.key, after: decided },
    logged: op && {
      op: field === DELETED_FIELD ? 'restore' : 'update',
      rowOp: op,
      fields: Object.keys(changed).filter((name) => name !== DELETED_FIELD),
    },
  }
}

function questionedRow(state: PlanState, question: WorkingRow): WorkingRow | null {
  const entity = entityNamed(textIn(question.row, 'entity'))
  return entity && (state.rows.get(rowId(entity, textIn(question.row, 'entity_id'))) ?? null)
}

/** The value a decision chooses; `undefined` when what stands is to stay. */
function chosenValue(patch: JsonRow, question: JsonRow): Rejection | { value: Json | undefined } {
  const { decision, decided_value: value } = patch
  if (decision !== 'edited' && value !== undefined && value !== null) {
    return invalid('patch.decided_value: goes with the decision "edited" only')
  }
  if (decision === 'current') return { value: undefined }
  if (decision === 'offered') return { value: question['offered_value'] ?? null }
  if (decision !== 'edited') return invalid('patch.decision: must be current, offered or edited')
  return value === undefined ? invalid('patch.decided_value: is missing') : { value }
}

/** The row moved on since the question was asked: it is asked again, with what stands now. */
function askAgain(
  state: PlanState,
  question: WorkingRow,
  target: WorkingRow,
  stands: Json,
  chosen: Json | undefined,
): Decision {
  const base = question.row['current_value'] ?? null
  const field = textIn(question.row, 'field')
  const op = show(state, target, field, change(state, question, showing(state, target, field, stands)))
  const clash = { field: 'current_value', base, yours: chosen === undefined ? base : chosen, theirs: stands }
  return {
    kind: 'conflict',
    subject: { entity: questions, key: question.key, after: op },
    logged: null,
    clashes: [clash],
  }
}

/** The columns a chosen value sets: one field, or for a deleted row the whole edit and its return. */
function columnsToSet(
  state: PlanState,
  target: WorkingRow,
  field: string,
  value: Json,
): Rejection | { columns: JsonRow } {
  const { entity } = target
  const patch = field === DELETED_FIELD ? asPatch(value) : { [field]: value }
  if (!patch) return invalid('patch.decided_value: is not an object of columns')
  const parsed = entity.patch.safeParse(patch)
  if (!parsed.success) return invalid('patch.decided_value: is not a value of this column')
  const refusal = refusePatch(state, target, parsed.data)
  if (refusal) return refusal
  const references = checkReferences(state, entity, parsed.data, { scope: scopeOf(state, target), current: target.row })
  if ('kind' in references) return references
  return { columns: field === DELETED_FIELD ? { ...parsed.data, deleted_at: null } : parsed.data }
}

function asPatch(value: Json): JsonRow | null {
  return isJsonObject(value) ? (value as JsonRow) : null
}
