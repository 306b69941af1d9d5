import 'server-only'
import { mayDelete } from '@/lib/entity/access'
import { forbidden } from './outcome'
import { addOp, type Decision, type PlanState, type WorkingRow } from './plan-state'
import { findRow, mergeIntoRow, rememberChange, scopeOf, whyNotFound } from './plan-update'
import type { Write } from './received'
import { rowId } from './row-id'

/** What a statement sets `deleted_at` to. The database replaces it with its own clock (trigger `stamp`). */
const NOW = 'now'

export function planDelete(state: PlanState, write: Extract<Write, { op: 'delete' }>): Decision {
  const { entity, key } = write
  const target = findRow(state, write)
  if (!target) return alreadyGone(state, write) ?? whyNotFound(state, write)
  if (!mayDelete({ entity, scope: scopeOf(state, target), row: target.row, viewer: state.viewer })) return forbidden()
  if (target.row['deleted_at'] !== null) {
    return { kind: 'applied', isChange: false, logged: null, subject: { entity, key, after: target.lastOp } }
  }
  const op = entity.cascade
    ? addOp(state, { kind: 'delete-container', entity, key })
    : addOp(state, { kind: 'update', entity, key, columns: { deleted_at: NOW } })
  rememberChange(target, { deleted_at: NOW })
  target.lastOp = op
  return {
    kind: 'applied',
    isChange: true,
    subject: { entity, key, after: op },
    logged: { op: 'delete', rowOp: op, fields: ['deleted_at'] },
  }
}

/** A deleted band is shown to nobody but who may restore it; for them, deleting it again changes nothing. */
function alreadyGone(state: PlanState, { entity, key }: Pick<Write, 'entity' | 'key'>): Decision | null {
  const target = state.rows.get(rowId(entity, key))
  if (!entity.cascade || !target || target.row['deleted_at'] === null) return null
  return { kind: 'applied', isChange: false, logged: null, subject: { entity, key, after: target.lastOp } }
}

export function planRestore(state: PlanState, write: Extract<Write, { op: 'restore' }>): Decision {
  const { entity, key } = write
  const target = state.rows.get(rowId(entity, key))
  if (entity.cascade && target && target.row['deleted_at'] !== null) return restoreContainer(state, write, target)
  const found = findRow(state, write)
  if (!found) return whyNotFound(state, write)
  if (!mayDelete({ entity, scope: scopeOf(state, found), row: found.row, viewer: state.viewer })) return forbidden()
  return mergeIntoRow(state, write, found, { patch: write.patch, base: {}, revives: true })
}

/** Brings back a band or project with all that went with it. Only who owned it is shown it while it is deleted. */
function restoreContainer(state: PlanState, write: Extract<Write, { op: 'restore' }>, target: WorkingRow): Decision {
  const { entity, key, patch } = write
  const op = addOp(state, { kind: 'restore-container', entity, key })
  rememberChange(target, { deleted_at: null })
  target.lastOp = op
  if (entity.scope.kind === 'band') state.viewer.bands.set(key, 'owner')
  if (entity.scope.kind === 'project') state.viewer.projects.set(key, 'owner')
  const logged = { op: 'restore' as const, rowOp: op, fields: ['deleted_at'] }
  if (Object.keys(patch).length === 0) {
    return { kind: 'applied', isChange: true, logged, subject: { entity, key, after: op } }
  }
  const merged = mergeIntoRow(state, write, target, { patch, base: {}, revives: false })
  return merged.kind === 'applied'
    ? { ...merged, isChange: true, logged: merged.logged ? { ...merged.logged, op: 'restore' } : logged }
    : merged
}
