import 'server-only'
import { mayDelete, refusedFields } from '@/lib/entity/access'
import { mergeRow } from '@/lib/entity/merge/row'
import { roleIn } from '@/lib/entity/scope'
import type { JsonRow } from '@/lib/protocol/json'
import { forbidden, invalid, notFound, type Rejection } from './outcome'
import { addOp, scopeValue, type Decision, type PlanState, type WorkingRow } from './plan-state'
import { ask, DELETED_FIELD, settleOwn } from './questions'
import type { Write } from './received'
import { checkReferences } from './references'
import { rowId } from './row-id'

type Update = Extract<Write, { op: 'update' }>

export function planUpdate(state: PlanState, write: Update): Decision {
  const target = findRow(state, write)
  if (!target) return whyNotFound(state, write)
  if (Object.keys(write.patch).length === 0 && !mayChangeAnything(state, target)) return forbidden()
  if (target.row['deleted_at'] !== null) return askAboutDeleted(state, write, target)
  return mergeIntoRow(state, write, target, { ...write, revives: false })
}

/** The row a write names, if it is in a scope of the viewer's. */
export function findRow(state: PlanState, { entity, key }: Pick<Write, 'entity' | 'key'>): WorkingRow | null {
  const target = state.rows.get(rowId(entity, key))
  if (!target) return null
  const scope = scopeValue(entity, key, target.row, state.viewer.user_id)
  return scope !== null && roleIn(entity.scope, scope, state.viewer) !== null ? target : null
}

/** Why a row is not there for the viewer: their role may not read it, or it is missing or not theirs, which is one answer. */
export function whyNotFound(state: PlanState, { entity, key }: Pick<Write, 'entity' | 'key'>): Rejection {
  return state.unreadable.has(rowId(entity, key)) ? forbidden() : notFound()
}

/** The scope of a row that was found. */
export function scopeOf(state: PlanState, { entity, key, row }: WorkingRow): string {
  return scopeValue(entity, key, row, state.viewer.user_id) ?? ''
}

/** Whether any column of this row is the viewer's to change: an update that names none is theirs only then. */
function mayChangeAnything(state: PlanState, target: WorkingRow): boolean {
  const { entity, row } = target
  const patchable = Object.keys(entity.fields).filter((name) => entity.fields[name]?.patch)
  const subject = { entity, scope: scopeOf(state, target), row, viewer: state.viewer }
  return refusedFields(subject, patchable).length < patchable.length
}

/** Why the viewer may not set these columns of this row to these values; null when they may. */
export function refusePatch(state: PlanState, target: WorkingRow, patch: JsonRow): Rejection | null {
  const { viewer } = state
  const { entity, row } = target
  const scope = scopeOf(state, target)
  const fields = Object.keys(patch)
  const refused = refusedFields({ entity, scope, row, viewer }, fields)
  if (refused.length > 0)
    return forbidden(
      undefined,
      refused.map((name) => `patch.${name}: is not yours to change`),
    )
  if (entity.access.update.length === 0) return forbidden()
  const foreign = entity.ownIdOrNull.filter((name) => {
    const value = patch[name]
    return value !== undefined && value !== null && value !== viewer.user_id
  })
  return foreign.length > 0 ? invalid(...foreign.map((name) => `patch.${name}: can only be yourself`)) : null
}

/**
 * Merges a patch into a row and plans what comes of it: the fields that merge, and a question for each that clashes. `revives` also
 * takes a deleted row out of the trash.
 */
export function mergeIntoRow(
  state: PlanState,
  write: Write,
  target: WorkingRow,
  { patch, base, revives }: { patch: JsonRow; base: JsonRow; revives: boolean },
): Decision {
  const { entity, key } = target
  const scope = scopeOf(state, target)
  const refusal = refusePatch(state, target, patch)
  if (refusal) return refusal
  const isRevival = revives && target.row['deleted_at'] !== null
  if (isRevival && !mayDelete({ entity, scope, row: target.row, viewer: state.viewer })) return forbidden()
  const references = checkReferences(state, entity, patch, { scope, current: target.row })
  if ('kind' in references) return references

  const { changes, clashes } = mergeRow(entity, patch, base, target.row)
  const columns: JsonRow = isRevival ? { ...changes, deleted_at: null } : changes
  const isChange = Object.keys(columns).length > 0
  const op = isChange
    ? addOp(state, { kind: 'update', entity, key, columns }, { rows: references.buildsOn, scope })
    : target.lastOp
  const logged =
    isChange && op
      ? { op: isRevival ? ('restore' as const) : ('update' as const), rowOp: op, fields: Object.keys(changes) }
      : null
  if (isChange) {
    settleOwn(state, target, changes)
    rememberChange(target, columns)
    target.lastOp = op
  }
  const subject = { entity, key, after: target.lastOp }
  for (const clash of clashes) ask(state, target, clash, write.id)
  return clashes.length > 0
    ? { kind: 'conflict', subject, logged, clashes }
    : { kind: 'applied', subject, logged, isChange }
}

/** Shows a row as a planned operation leaves it. */
export function rememberChange(target: WorkingRow, columns: JsonRow): void {
  target.row = { ...target.row, ...columns }
  for (const name of Object.keys(columns)) target.changed.add(name)
}

/** An edit met a delete: nothing is applied, and the whole edit is offered. */
function askAboutDeleted(state: PlanState, write: Update, target: WorkingRow): Decision {
  const { entity, key } = target
  const refusal = refusePatch(state, target, write.patch)
  if (refusal) return refusal
  const references = checkReferences(state, entity, write.patch, { scope: scopeOf(state, target), current: target.row })
  if ('kind' in references) return references
  const clash = { field: DELETED_FIELD, base: null, yours: write.patch, theirs: target.row['deleted_at'] ?? null }
  ask(state, target, clash, write.id)
  return { kind: 'conflict', subject: { entity, key, after: target.lastOp }, logged: null, clashes: [clash] }
}
