import { isUuid } from './fields'
import type { BandRole, Viewer } from './viewer'

/**
 * Which container a row belongs to. A shape is one entity and one scope value, shared by all members of that container.
 * `mine` names the column that also makes the rows of one person readable across containers (my memberships).
 */
export type Scope =
  | { kind: 'band'; column: 'band_id' | 'id'; mine?: 'user_id' }
  | { kind: 'project'; column: 'project_id' | 'id'; mine?: 'user_id' }
  | { kind: 'user'; column: 'user_id' }
  | { kind: 'any'; column: 'scope_id' }

/** What of a declaration decides where its rows belong. */
interface Scoped {
  name: string
  scope: Scope
  columns: readonly string[]
}

/** A scope a viewer asked for, resolved to the column and value that filter rows. */
export interface ResolvedScope {
  /** `band` and `project` name a container, `user` the viewer. */
  kind: 'band' | 'project' | 'user'
  column: string
  /** Lower-case uuid. */
  value: string
}

export type ScopeRefusal =
  /** No scope was named where one is needed, or it is not a uuid. */
  | { refused: 'invalid'; message: string }
  /** Not a member, or no such container: one and the same answer. */
  | { refused: 'forbidden' }

/**
 * Finds the container a reader names. Membership only: whether the role may read is `mayRead`.
 * Without a scope, or with the reader's own user id, rows that belong to a person are read as the reader's own.
 */
export function resolveScope(entity: Scoped, requested: string | null, viewer: Viewer): ResolvedScope | ScopeRefusal {
  const { scope } = entity
  const mine = personColumn(scope)
  if (requested === null) {
    if (mine) return { kind: 'user', column: mine, value: viewer.user_id }
    return { refused: 'invalid', message: `scope: name the ${scope.kind} whose ${entity.name} you want` }
  }
  if (!isUuid(requested)) return { refused: 'invalid', message: 'scope: is not a uuid' }
  const value = requested.toLowerCase()
  if (mine && value === viewer.user_id) return { kind: 'user', column: mine, value }
  if ((scope.kind === 'band' || scope.kind === 'any') && viewer.bands.has(value)) {
    return { kind: 'band', column: scope.column, value }
  }
  if ((scope.kind === 'project' || scope.kind === 'any') && viewer.projects.has(value)) {
    return { kind: 'project', column: scope.column, value }
  }
  return { refused: 'forbidden' }
}

/** The column by which rows belong to one person; undefined where they only belong to a container. */
function personColumn(scope: Scope): string | undefined {
  if (scope.kind === 'user' || scope.kind === 'any') return scope.column
  return scope.mine
}

/** The viewer's role in the container a row or scope value names; null when it is not theirs. `self` is one's own person. */
export function roleIn(scope: Scope, value: string, viewer: Viewer): BandRole | 'self' | null {
  switch (scope.kind) {
    case 'band':
      return viewer.bands.get(value) ?? null
    case 'project':
      return viewer.projects.get(value) ?? null
    case 'user':
      return value === viewer.user_id ? 'self' : null
    case 'any':
      return viewer.bands.get(value) ?? viewer.projects.get(value) ?? (value === viewer.user_id ? 'self' : null)
  }
}

/** The filter of a shape in Electric's own words: quoted columns, positional parameters, live rows only. */
export function scopeToElectric(entity: Scoped, scope: ResolvedScope): { where: string; params: Record<'1', string> } {
  const live = entity.columns.includes('deleted_at') ? ' AND "deleted_at" IS NULL' : ''
  return { where: `"${scope.column}" = $1${live}`, params: { '1': scope.value } }
}
