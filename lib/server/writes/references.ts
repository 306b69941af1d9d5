import 'server-only'
import type { AnyEntity } from '@/lib/entity/define'
import type { JsonRow } from '@/lib/protocol/json'
import { blocked, invalid, type Rejection } from './outcome'
import { namedRows, type NamedRow, type PlanState } from './plan-state'
import { rowId } from './row-id'

/**
 * Checks that every row which `columns` name is where it must be. Rows that the current row names already are not asked again: people
 * keep what they had. Gives the rowIds an operation builds on.
 */
export function checkReferences(
  state: PlanState,
  entity: AnyEntity,
  columns: JsonRow,
  { scope, current = {} }: { scope: string; current?: JsonRow },
): Rejection | { buildsOn: string[] } {
  const known = new Set(namedRows(entity, current).map(({ entityName, key }) => `${entityName}:${key}`))
  const named = namedRows(entity, columns, { ...current, ...columns })
  const fresh = named.filter(({ entityName, key }) => !known.has(`${entityName}:${key}`))
  if (fresh.some(({ entityName, key }) => state.rejected.hasInsert({ name: entityName }, key))) return blocked()
  const misplaced = fresh.filter((name) => !isInPlace(state, name, scope))
  if (misplaced.length > 0) {
    return invalid(...misplaced.slice(0, 10).map(({ path }) => `${path}: names nothing that belongs here`))
  }
  return { buildsOn: fresh.map(({ entityName, key }) => rowId({ name: entityName }, key)) }
}

function isInPlace(state: PlanState, { entityName, key, within }: NamedRow, scope: string): boolean {
  const where = state.referenced.get(rowId({ name: entityName }, key))
  if (where === undefined) return false
  switch (within) {
    case 'scope':
      return where === scope
    case 'my-bands':
      return state.viewer.bands.has(where)
  }
}
