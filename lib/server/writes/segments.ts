import 'server-only'
import { allEntities } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import type { Write } from './received'

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

/** Cuts a list into runs that may be decided on one reading of the database; what `isAlone` holds for is a run of its own. */
export function segmentsOf<T>(items: readonly T[], isAlone: (item: T) => boolean): T[][] {
  const segments: T[][] = []
  let isOpen = false
  for (const item of items) {
    const last = segments.at(-1)
    const alone = isAlone(item)
    if (last && isOpen && !alone) last.push(item)
    else segments.push([item])
    isOpen = !alone
  }
  return segments
}
