import 'client-only'
import type { OutboxEntry } from '../outbox/entry'
import type { ShapeHolder } from '../store/shape-holder'
import { couldShow, isEchoedIn } from './echoes'

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
