import 'client-only'
import { entityNamed } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import type { JsonRow } from '@/lib/protocol/json'
import type { ShapeName } from '../types'

/** Names a shape in caches, messages between tabs and lines of the live door: `songs/<uuid>`, `band_members/mine`. */
export type ShapeId = string & { readonly __shapeId?: true }

const MINE = 'mine'

/** The entity code means; throws where there is none of that name. */
export function entityOf(name: string): AnyEntity {
  const entity = entityNamed(name)
  if (!entity) throw new Error(`no synced entity is called ${name}`)
  return entity
}

/** One spelling for each shape: a person's own rows have no scope, but where the server wants one. */
export function canonicalShape({ entity, scope }: ShapeName, userId: string): ShapeName {
  if (entityOf(entity).scope.kind === 'any') return { entity, scope: scope ?? userId }
  return { entity, scope: scope === userId ? null : scope }
}

export function shapeIdOf({ entity, scope }: ShapeName): ShapeId {
  return `${entity}/${scope ?? MINE}`
}

/** The shape an id names; null for an entity this build does not know. */
export function shapeOfId(id: ShapeId): ShapeName | null {
  const [entity = '', scope = MINE] = id.split('/')
  return entityNamed(entity) ? { entity, scope: scope === MINE ? null : scope } : null
}

/** The column that puts a row into this shape. */
export function scopeColumn(entity: AnyEntity, scope: string | null): string {
  if (scope === null && 'mine' in entity.scope && entity.scope.mine) return entity.scope.mine
  return entity.scope.column
}

/** The scope a row belongs to: a band, project or person. */
export function scopeOfRow(entity: AnyEntity, key: string, columns: JsonRow): string | null {
  if (entity.scope.column === 'id') return key
  const value = columns[entity.scope.column]
  return typeof value === 'string' ? value : null
}
