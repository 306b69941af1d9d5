import 'client-only'
import { containsTxid, isEchoed } from '../overlay/confirm'
import type { OutboxEntry } from '../outbox/entry'
import type { ShapeHolder } from '../store/shape-holder'
import { rowsOf } from '../store/rows'

/**
 * The answered writes that every shape which could show them shows by now. One that no open shape could show waits,
 * so that a shape opened later from the cache does not show the row of before.
 */
export function echoedWrites(entries: readonly OutboxEntry[], holders: Iterable<ShapeHolder>): OutboxEntry[] {
  const byEntity = new Map<string, ShapeHolder[]>()
  for (const holder of holders) byEntity.set(holder.entity.name, [...(byEntity.get(holder.entity.name) ?? []), holder])
  return entries.filter((entry) => {
    if (entry.phase.kind !== 'saved') return false
    const showing = (byEntity.get(entry.write.entity) ?? []).filter((holder) => couldShow(holder, entry))
    if (showing.length === 0) return entry.phase.txid === null && entry.phase.standing.length === 0
    return showing.every((holder) => isEchoedIn(holder, entry))
  })
}

/** Whether removing an answered write from the overlay changes nothing on this tab's screen. */
export function isShownWithout(entry: OutboxEntry, holders: Iterable<ShapeHolder>): boolean {
  if (entry.phase.kind !== 'saved') return true
  return [...holders].filter((holder) => couldShow(holder, entry)).every((holder) => isEchoedIn(holder, entry))
}

function isEchoedIn({ entity, state, seen }: ShapeHolder, entry: OutboxEntry): boolean {
  const row = rowsOf(state).get(entry.write.key) ?? null
  // Of a first snapshot that is still arriving, what is missing says nothing.
  if (row === null && state.kind === 'loading') {
    return entry.phase.kind === 'saved' && entry.phase.txid !== null && containsTxid(seen, entry.phase.txid)
  }
  return isEchoed(entity, entry, row, seen)
}

function couldShow({ entity, scope, state }: ShapeHolder, { write, scope: ownScope }: OutboxEntry): boolean {
  if (entity.name !== write.entity || state.kind === 'cold' || state.kind === 'refused') return false
  return rowsOf(state).has(write.key) || (scope === null ? entity.scope.kind === 'user' : scope === ownScope)
}
