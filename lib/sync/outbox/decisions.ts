import 'client-only'
import { entityNamed } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import { newKey } from '@/lib/entity/keys'
import { unreachable } from '@/lib/protocol/unreachable'
import type { JsonRow } from '@/lib/protocol/json'
import type { WireWrite } from '@/lib/protocol/writes'
import type { OutboxEntry, Reason } from './entry'
import { checked, InvalidWrite } from './make-entry'
import { queued, type OutboxState } from './outbox-state'
import { heldOn, withoutRefused } from './rebase'

/** What becomes of the outbox when a person decides about a write. Pure. */

/** A refused write goes again as it is, and whatever waited with it behind it. */
export function retried(state: OutboxState, id: string): OutboxState {
  return requeued(state, id, (entry) => entry)
}

/** A refused write goes again as a person corrected it; with values its entity cannot hold it stays refused and says so. */
export function corrected(state: OutboxState, id: string, values: JsonRow): OutboxState {
  const entry = state.entries.find(({ write }) => write.id === id)
  const entity = entry && entityNamed(entry.write.entity)
  if (!entry || !entity) return state
  try {
    const write = correctedWrite(entity, entry.write, values)
    return requeued(state, id, (each) => ({ ...each, write }))
  } catch (error) {
    if (!(error instanceof InvalidWrite) || entry.phase.kind !== 'refused') throw error
    const reason: Reason = { code: 'invalid', message: 'These values cannot be saved.', issues: error.issues }
    const refused: OutboxEntry = { ...entry, phase: { kind: 'refused', reason } }
    return { ...state, entries: state.entries.map((each) => (each === entry ? refused : each)) }
  }
}

/** The write with other values, as a person corrected them; a new write with an id of its own. */
function correctedWrite(entity: AnyEntity, write: WireWrite, values: JsonRow): WireWrite {
  const id = newKey()
  switch (write.op) {
    case 'insert':
      return { ...write, id, values: checked(entity, entity.insert, { ...write.values, ...values }) }
    case 'update':
      return { ...write, id, patch: checked(entity, entity.patch, { ...write.patch, ...values }) }
    case 'restore':
      return { ...write, id, patch: checked(entity, entity.patch, { ...write.patch, ...values }) }
    case 'delete':
      return { ...write, id }
    default:
      return unreachable(write)
  }
}

function requeued(state: OutboxState, id: string, change: (entry: OutboxEntry) => OutboxEntry): OutboxState {
  const root = state.entries.find(({ write }) => write.id === id)
  if (root?.phase.kind !== 'refused' && root?.phase.kind !== 'held') return state
  // Whatever waited with it goes again too, behind it.
  const origins = new Set([root.origin, ...heldOn(state.entries, root.origin)])
  return {
    ...state,
    entries: state.entries.map((entry) => {
      if (!origins.has(entry.origin)) return entry
      return { ...(entry === root ? change(entry) : entry), phase: queued() }
    }),
  }
}

/** A refused or unsent write is given up, with whatever depends on it. */
export function discarded(state: OutboxState, id: string, newId: () => string): OutboxState {
  const root = state.entries.find(({ write }) => write.id === id)
  // What was sent may already be applied: giving it up here would only hide it.
  if (!root || root.phase.kind === 'sent' || root.phase.kind === 'saved') return state
  const freed = withoutRefused(state.entries, root, newId)
  const gone = new Set([root.origin, ...heldOn(freed, root.origin)])
  return { ...state, entries: freed.filter(({ origin }) => !gone.has(origin)) }
}
