import type { changes } from '../schema'
import { sampleId } from '../sample-ids'

/** A row whose making is part of a band's history. */
export interface Made {
  entity: string
  scope_id: string
  summary: string
  row: { id: string; created_by: string; created_at: string }
}

const NOT_FIELDS = new Set(['id', 'version', 'created_by', 'created_at', 'updated_by', 'updated_at', 'deleted_at'])

/** One `insert` of history for every row, oldest first. */
export function sampleHistory(made: readonly Made[]): (typeof changes.$inferInsert)[] {
  const inOrder = made.toSorted((a, b) => compare(a.row.created_at, b.row.created_at) || compare(a.row.id, b.row.id))
  return inOrder.map(({ entity, scope_id, summary, row }, n) => ({
    id: sampleId('change', n + 1),
    scope_id,
    entity,
    entity_id: row.id,
    op: 'insert',
    fields: Object.keys(row).filter((column) => !NOT_FIELDS.has(column)),
    summary,
    actor_id: row.created_by,
    created_at: row.created_at,
    after: { ...row },
  }))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
