import 'client-only'
import { allEntities, entityNamed } from '@/entities'
import { mayRead } from '@/lib/entity/access'
import type { AnyEntity } from '@/lib/entity/define'
import { canonicalShape, shapeIdOf, type ShapeId } from '../shapes/shape-name'
import type { ShapeName } from '../types'
import { MEMBERSHIP_SHAPES, type Memberships } from './memberships'

export interface Wishes {
  userId: string
  /** Shapes somebody looks at, in any tab. */
  wanted: readonly ShapeName[]
  /** Containers that are open in some tab. */
  openScopes: readonly string[]
  memberships: Memberships
}

/** Which shapes to stream: first memberships and what is looked at, the rest in the background. */
export interface Plan {
  first: Map<ShapeId, ShapeName>
  background: Map<ShapeId, ShapeName>
}

export function planShapes({ userId, wanted, openScopes, memberships }: Wishes): Plan {
  const first = new Map<ShapeId, ShapeName>()
  const background = new Map<ShapeId, ShapeName>()
  const add = (to: Map<ShapeId, ShapeName>, name: ShapeName) => {
    const canonical = canonicalShape(name, userId)
    const id = shapeIdOf(canonical)
    if (!first.has(id) && mayStream(canonical, userId, memberships)) to.set(id, canonical)
  }
  for (const name of [...MEMBERSHIP_SHAPES, ...personalSigns(userId), ...wanted]) add(first, name)
  // A row's status needs to know of open questions.
  for (const { scope } of wanted) if (scope !== null) add(first, { entity: 'conflicts', scope })
  for (const entity of allEntities) if (isPersonal(entity)) add(background, { entity: entity.name, scope: userId })
  for (const scope of openScopes) {
    for (const entity of entitiesOf(scope, memberships)) add(background, { entity: entity.name, scope })
  }
  return { first, background }
}

/** Whether the person may read this shape now, as far as this device knows. */
export function mayStream({ entity: name, scope }: ShapeName, userId: string, memberships: Memberships): boolean {
  const entity = entityNamed(name)
  if (!entity) return false
  if (scope === null || scope === userId) return true
  // Memberships come first: what is not mine is not even asked for.
  if (!memberships.isKnown) return false
  const { viewer } = memberships
  return (viewer.bands.has(scope) || viewer.projects.has(scope)) && mayRead(entity, scope, viewer)
}

/** Everything a band or project holds that this person may read and a device keeps: who is here is read where it is shown. */
export function entitiesOf(scope: string, { viewer }: Memberships): AnyEntity[] {
  const kind = viewer.bands.has(scope) ? 'band' : viewer.projects.has(scope) ? 'project' : null
  return allEntities.filter(
    (entity) =>
      kind !== null &&
      entity.serverColumns !== 'ephemeral' &&
      (entity.scope.kind === kind || entity.scope.kind === 'any') &&
      mayRead(entity, scope, viewer),
  )
}

/** What row statuses need of a person's own rows. */
function personalSigns(userId: string): ShapeName[] {
  return [
    { entity: 'read_marks', scope: null },
    { entity: 'conflicts', scope: userId },
  ]
}

function isPersonal(entity: AnyEntity): boolean {
  return entity.scope.kind === 'user' || entity.scope.kind === 'any' || 'mine' in entity.scope
}
