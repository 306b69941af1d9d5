import type { FieldClash } from '@/lib/protocol/writes'
import type { JsonRow } from '@/lib/protocol/json'
import type { AnyEntity } from '../define'
import { mergeField } from './field'

export interface RowMerge {
  /** Columns to set, with their merged values. Empty when nothing changes. */
  changes: JsonRow
  /** Fields that a person must decide about. */
  clashes: FieldClash[]
}

/**
 * Merges a patch into the current row, field by field. A field that `base` does not name counts as seen as it stands.
 * A merged value that the field cannot hold (a list of two halves, too long together) is a clash.
 */
export function mergeRow(entity: AnyEntity, patch: JsonRow, base: JsonRow, current: JsonRow): RowMerge {
  const changes: JsonRow = {}
  const clashes: FieldClash[] = []
  for (const [name, yours] of Object.entries(patch)) {
    const field = entity.fields[name]
    if (!field) continue
    const theirs = current[name] ?? null
    const seen = base[name]
    const three = { base: seen === undefined ? theirs : seen, yours, theirs }
    const merged = mergeField(field.merge, three)
    if (merged.kind === 'stands') continue
    if (merged.kind === 'takes' && (merged.value === yours || field.schema.safeParse(merged.value).success)) {
      changes[name] = merged.value
    } else {
      clashes.push({ field: name, ...three })
    }
  }
  return { changes, clashes }
}
