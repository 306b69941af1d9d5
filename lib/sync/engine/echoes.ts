import 'client-only'
import { rowsOf } from '../store/known-shape'
import { containsTxid, isEchoed } from '../overlay/confirm'
import type { OutboxEntry } from '../outbox/entry'
import type { ShapeHolder } from '../store/shape-holder'

/** Whether removing an answered write from the overlay changes nothing on this tab's screen. */
export function isShownWithout(entry: OutboxEntry, holders: Iterable<ShapeHolder>): boolean {
  if (entry.phase.kind !== 'saved') return true
  return [...holders].filter((holder) => couldShow(holder, entry)).every((holder) => isEchoedIn(holder, entry))
}

/** Whether the shape shows what the answered write did. */
export function isEchoedIn({ entity, state, seen }: ShapeHolder, entry: OutboxEntry): boolean {
  const row = rowsOf(state).get(entry.write.key) ?? null
  // Of a first snapshot that is still arriving, what is missing says nothing.
  if (row === null && state.kind === 'loading') {
    return entry.phase.kind === 'saved' && entry.phase.txid !== null && containsTxid(seen, entry.phase.txid)
  }
  return isEchoed(entity, entry, row, seen)
}

/** Whether the shape is one that the write's row would be in. */
export function couldShow({ entity, scope, state }: ShapeHolder, { write, scope: ownScope }: OutboxEntry): boolean {
  if (entity.name !== write.entity || state.kind === 'cold' || state.kind === 'refused') return false
  return rowsOf(state).has(write.key) || (scope === null ? entity.scope.kind === 'user' : scope === ownScope)
}
