import 'client-only'
import type { AnyEntity } from '@/lib/entity/define'
import type { JsonRow } from '@/lib/protocol/json'

/** Rows of a shape by key. */
export type Rows = ReadonlyMap<string, JsonRow>

export const NO_ROWS: Rows = new Map()

/** Whether rows of this entity count their changes in `version` (where the column is not the entity's own). */
export function isVersioned(entity: AnyEntity): boolean {
  return entity.serverColumns === 'edited' && !Object.hasOwn(entity.fields, 'version')
}

export function versionOf(row: JsonRow | null | undefined): number {
  const version = row?.['version']
  return typeof version === 'number' ? version : 0
}
