import type { JsonRow } from '@/lib/protocol/json'
import type { AnyEntity } from './define'

/**
 * Brings the columns of a write that was made under an older schema version up to `to`, step by step, with the functions the entity
 * declares. Door and overlay use the same; what is stored never changes.
 */
export function upgradeColumns(entity: AnyEntity, columns: JsonRow, from: number, to: number): JsonRow {
  let upgraded = columns
  for (let version = from + 1; version <= to; version++) upgraded = entity.upgrade[version]?.(upgraded) ?? upgraded
  return upgraded
}
