import type { JsonRow } from '@/lib/protocol/json'
import { unreachable } from '@/lib/protocol/unreachable'
import { roleIn, type Scope } from './scope'
import type { Viewer } from './viewer'

/**
 * Whom a permission names: `anyone` signed in · `member` any role in the row's scope · a role in it · `author` who
 * created the row · `self` the row's own person · `target-editor` who may change the row that a question is about.
 */
export type Who = 'anyone' | 'member' | 'owner' | 'collaborator' | 'viewer' | 'author' | 'self' | 'target-editor'

/** A permission to change: all patchable fields, or only those named. */
export interface Grant {
  who: readonly Who[]
  fields?: readonly string[]
}

/** Who may do what. Restoring is as deleting. */
export interface Access {
  /** Decided by the scope alone, so that one shape serves all: no `author`. */
  read: readonly Who[]
  insert: readonly Who[]
  update: readonly Grant[]
  delete: readonly Who[]
}

/** What of a declaration decides who may do what. */
interface Guarded {
  scope: Scope
  access: Access
  lock: string | undefined
}

/** What a decision about one row needs to know besides the viewer. */
interface Subject {
  entity: Guarded
  /** The scope column's value. */
  scope: string
  /** The stored row, or the values of an insert. */
  row: JsonRow
  viewer: Viewer
  /** Only for `target-editor`: whether the viewer may change the field the question is about. */
  mayChangeTarget?: boolean
}

function matches(who: Who, { entity, scope, row, viewer, mayChangeTarget }: Subject): boolean {
  const role = roleIn(entity.scope, scope, viewer)
  switch (who) {
    case 'anyone':
      return true
    case 'member':
      return role !== null
    case 'owner':
    case 'collaborator':
    case 'viewer':
      return role === who
    case 'author':
      return role !== null && row['created_by'] === viewer.user_id
    case 'self':
      return role !== null && row['user_id'] === viewer.user_id
    case 'target-editor':
      return role !== null && mayChangeTarget === true
    default:
      return unreachable(who)
  }
}

/** Whether the viewer may read rows of a scope that is theirs. */
export function mayRead(entity: Guarded, scope: string, viewer: Viewer): boolean {
  // A person's own rows: the scope is the reader.
  if (scope === viewer.user_id) return true
  return entity.access.read.some((who) => matches(who, { entity, scope, row: {}, viewer }))
}

/** Whether everyone who is in a scope reads this entity's rows there, so that others may be told of them. */
export function isReadByAll({ access, scope }: Pick<Guarded, 'access' | 'scope'>): boolean {
  return scope.kind === 'user' || access.read.some((who) => who === 'anyone' || who === 'member')
}

/** Whether the viewer may insert these values; `scope` is the value of the scope column. */
export function mayInsert(entity: Guarded, scope: string, values: JsonRow, viewer: Viewer): boolean {
  return entity.access.insert.some((who) => matches(who, { entity, scope, row: values, viewer }))
}

/** The fields of `fields` that the viewer may not change; empty when all may. A locked row refuses every field. */
export function refusedFields(subject: Subject, fields: readonly string[]): string[] {
  if (isLockedFor(subject)) return [...fields]
  const grants = subject.entity.access.update.filter((grant) => grant.who.some((who) => matches(who, subject)))
  return fields.filter((field) => !grants.some((grant) => !grant.fields || grant.fields.includes(field)))
}

/** Whether the viewer may delete (and restore) the row. */
export function mayDelete(subject: Subject): boolean {
  return !isLockedFor(subject) && subject.entity.access.delete.some((who) => matches(who, subject))
}

function isLockedFor({ entity, scope, row, viewer }: Subject): boolean {
  const holder = entity.lock ? row[entity.lock] : null
  if (typeof holder !== 'string' || holder === viewer.user_id) return false
  return roleIn(entity.scope, scope, viewer) !== 'owner'
}
