import 'server-only'
import { allEntities } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import { questions } from './questions'
import type { Received, Write } from './received'
import { rowId } from './row-id'

/** Whether rows of this entity make people members of something. */
export function isMembership(entity: AnyEntity): boolean {
  return 'mine' in entity.scope
}

/** The entity whose rows make people members of these bands or projects. */
export function membershipOf(container: AnyEntity): AnyEntity {
  const found = allEntities.find((entity) => isMembership(entity) && entity.scope.kind === container.scope.kind)
  if (!found) throw new Error(`${container.name} has no members`)
  return found
}

/** Whether a write changes who belongs to what, so that the writes after it must be decided with fresh roles. */
export function changesMemberships({ entity, op }: Write): boolean {
  return isMembership(entity) || (entity.cascade && (op === 'delete' || op === 'restore'))
}

/**
 * Cuts writes into runs that may be decided on one reading of the database. A write that changes memberships is a run of its own; a write
 * to a row that was deleted in the run begins a new one, because only the database knows when that was, and questions show it.
 */
export function segmentsOf(items: readonly Received[]): Received[][] {
  const segments: Received[][] = []
  let isOpen = false
  let deleted = new Set<string>()
  for (const item of items) {
    const write = item.kind === 'understood' ? item.write : null
    const isAlone = write !== null && changesMemberships(write)
    const isStale =
      write !== null &&
      (deleted.has(rowId(write.entity, write.key)) || (write.entity === questions && deleted.size > 0))
    const last = segments.at(-1)
    if (last && isOpen && !isAlone && !isStale) last.push(item)
    else {
      segments.push([item])
      deleted = new Set()
    }
    if (write?.op === 'delete') deleted.add(rowId(write.entity, write.key))
    isOpen = !isAlone
  }
  return segments
}
