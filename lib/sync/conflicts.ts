import 'client-only'
import { isUuid } from '@/lib/entity/fields'
import type { JsonRow } from '@/lib/protocol/json'
import { textIn } from '@/lib/protocol/json'
import type { Question } from './types'

/** The open question a row of `conflicts` asks; null when it is decided. */
export function questionFrom(row: JsonRow): Question | null {
  if (row['decision'] !== null && row['decision'] !== undefined) return null
  const by = (column: string) => (isUuid(row[column]) ? row[column] : null)
  return {
    id: textIn(row, 'id'),
    scope: textIn(row, 'scope_id'),
    entity: textIn(row, 'entity'),
    key: textIn(row, 'entity_id'),
    field: textIn(row, 'field'),
    base: row['base'] ?? null,
    currentValue: row['current_value'] ?? null,
    currentBy: by('current_by'),
    offeredValue: row['offered_value'] ?? null,
    offeredBy: by('offered_by'),
    at: textIn(row, 'created_at'),
  }
}
