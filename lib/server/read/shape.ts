import 'server-only'
import { mayRead } from '@/lib/entity/access'
import type { AnyEntity } from '@/lib/entity/define'
import { resolveScope, scopeToElectric, type ResolvedScope } from '@/lib/entity/scope'
import type { Viewer } from '@/lib/entity/viewer'
import type { Failure } from '@/lib/protocol/errors'
import { ELECTRIC_PARAMS } from '@/lib/protocol/names'
import { invalid, type Parsed, type ShapePosition } from './shape-query'

/** One shape: an entity within one scope. The same for everyone who may read it. */
export interface Shape {
  entity: AnyEntity
  scope: ResolvedScope
}

export const UNKNOWN_ENTITY: Failure = { code: 'not_found', message: 'There is nothing by this name here.' }
/** Not a member, no such container, a role that may not read: one and the same answer. */
export const FORBIDDEN: Failure = { code: 'forbidden', message: 'This is not shared with you.' }

/** The shape a viewer asks for, if they may read it. `requested` is the scope they name, null for none. */
export function shapeFor(viewer: Viewer, entity: AnyEntity, requested: string | null): Parsed<Shape> {
  const scope = resolveScope(entity, requested, viewer)
  if ('refused' in scope) {
    return { ok: false, failure: scope.refused === 'invalid' ? invalid([scope.message]) : FORBIDDEN }
  }
  if (!mayRead(entity, scope.value, viewer)) return { ok: false, failure: FORBIDDEN }
  return { ok: true, value: { entity, scope } }
}

/** Where a sync service answers, and the secret it asks for. */
export interface Upstream {
  url: string
  secret: string | null
}

/** The sync service's address for a position in a shape: table, filter, columns and modes come from the registry alone. */
export function shapeUrl(upstream: Upstream, shape: Shape, position: ShapePosition): URL {
  const url = new URL(`${upstream.url}/v1/shape`)
  const set = (name: string, value: string | null) => value !== null && url.searchParams.set(name, value)
  for (const [name, value] of definitionParams(shape)) set(name, value)
  set(ELECTRIC_PARAMS.offset, position.offset)
  set(ELECTRIC_PARAMS.handle, position.handle)
  set(ELECTRIC_PARAMS.live, position.live ? 'true' : null)
  set(ELECTRIC_PARAMS.cursor, position.cursor)
  set(ELECTRIC_PARAMS.expiredHandle, position.expiredHandle)
  set(ELECTRIC_PARAMS.cacheBuster, position.cacheBuster)
  set(ELECTRIC_PARAMS.secret, upstream.secret)
  url.searchParams.sort()
  return url
}

/** What makes two waiting requests one: the shape, its handle and the offset. */
export function liveKey(shape: Shape, position: ShapePosition): string {
  return JSON.stringify([shape.entity.name, shape.scope.column, shape.scope.value, position.handle, position.offset])
}

function definitionParams({ entity, scope }: Shape): [name: string, value: string][] {
  const { where, params } = scopeToElectric(entity, scope)
  return [
    [ELECTRIC_PARAMS.table, entity.name],
    [ELECTRIC_PARAMS.where, where],
    ...Object.entries(params).map(([n, value]): [string, string] => [`params[${n}]`, value]),
    [ELECTRIC_PARAMS.columns, entity.columns.map((column) => `"${column}"`).join(',')],
    // What grows without end is live from now on; its older rows come through the history door, so a change must be whole.
    ...(entity.history
      ? [
          [ELECTRIC_PARAMS.log, 'changes_only'] satisfies [string, string],
          [ELECTRIC_PARAMS.replica, 'full'] satisfies [string, string],
        ]
      : []),
  ]
}
