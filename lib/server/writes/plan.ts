import 'server-only'
import { blocked } from './outcome'
import type { Decision, PlanState } from './plan-state'
import { planDecision } from './plan-decision'
import { planDelete, planRestore } from './plan-delete'
import { planInsert } from './plan-insert'
import { planUpdate } from './plan-update'
import { questions } from './questions'
import type { Write } from './received'

/**
 * Decides what one write comes to and plans what is to be done for it. Pure but for `state`, which afterwards shows the rows as this
 * write leaves them: the next write is decided on that.
 */
export function planWrite(state: PlanState, write: Write): Decision {
  const decision = isBlocked(state, write) ? blocked() : decide(state, write)
  if (decision.kind === 'rejected') state.rejected.add({ ...write, fields: touchedFields(write) })
  return decision
}

function decide(state: PlanState, write: Write): Decision {
  switch (write.op) {
    case 'insert':
      return planInsert(state, write)
    case 'update':
      return write.entity === questions ? planDecision(state, write) : planUpdate(state, write)
    case 'delete':
      return planDelete(state, write)
    case 'restore':
      return planRestore(state, write)
  }
}

/** Whether a write builds on the row or the same field of a rejected one. Restoring never does. */
function isBlocked({ rejected }: PlanState, write: Write): boolean {
  if (write.op === 'restore' || write.op === 'insert') return false
  const { entity, key } = write
  return rejected.hasInsert(entity, key) || rejected.hasField(entity, key, touchedFields(write))
}

/** The fields a write means to change. */
export function touchedFields(write: Write): string[] {
  switch (write.op) {
    case 'insert':
      return Object.keys(write.values)
    case 'update':
    case 'restore':
      return Object.keys(write.patch)
    case 'delete':
      return ['deleted_at']
  }
}
