import { isJsonObject, type JsonRow } from '@/lib/protocol/json'
import type { WriteOp } from '@/lib/protocol/writes'

/** A row of history with what was before and after, as `/api/history/changes` gives it. */
export interface UndoableChange {
  entity: string
  entity_id: string
  op: WriteOp
  fields: readonly string[]
  before: unknown
  after: unknown
}

/** What takes a change back: an ordinary write, which still lacks an id. */
export type UndoWrite = { entity: string; key: string } & (
  { op: 'update'; patch: JsonRow; base: JsonRow } | { op: 'delete' } | { op: 'restore' }
)

/**
 * The write that takes a change back. An update is undone with the values before it, on the base of those after it: what others changed
 * since is merged or asked about like any other edit, never overwritten. Null where there is nothing to take back.
 */
export function undoOf({ entity, entity_id: key, op, fields, before, after }: UndoableChange): UndoWrite | null {
  switch (op) {
    case 'insert':
    case 'restore':
      return { entity, key, op: 'delete' }
    case 'delete':
      return { entity, key, op: 'restore' }
    case 'update': {
      if (!isJsonObject(before) || !isJsonObject(after) || fields.length === 0) return null
      return { entity, key, op: 'update', patch: pick(before as JsonRow, fields), base: pick(after as JsonRow, fields) }
    }
  }
}

function pick(row: JsonRow, fields: readonly string[]): JsonRow {
  return Object.fromEntries(fields.map((name) => [name, row[name] ?? null]))
}
