import 'server-only'
import type { Transaction } from '@/db/client'
import type { JsonRow } from '@/lib/protocol/json'
import type { RowOp } from './plan-state'
import { rowId } from './row-id'
import { deleteContainer, insertRows, readRows, restoreContainer, updateRows } from './statements'
import { wireRow } from './table'

/** A row before and after one operation, as it travels. */
export interface AppliedOp {
  before: JsonRow | null
  after: JsonRow
}

/** The database changed fewer rows than planned: row-level security or a trigger said no without an error. */
export class RefusedByDatabase extends Error {
  override name = 'RefusedByDatabase'
}

/**
 * Carries out planned operations level by level, those of one kind in one statement. `stored` holds the rows as they are and is kept up
 * to date.
 */
export async function applyOps(
  tx: Transaction,
  ops: readonly RowOp[],
  stored: Map<string, JsonRow>,
): Promise<Map<RowOp, AppliedOp>> {
  const applied = new Map<RowOp, AppliedOp>()
  for (const group of groupOps(ops)) {
    const after = new Map((await run(tx, group)).map((row) => [row['id'], row]))
    for (const op of group) {
      const row = after.get(op.key)
      if (!row) throw new RefusedByDatabase(`${op.kind} of a row of ${op.entity.name}`)
      const id = rowId(op.entity, op.key)
      const wire = wireRow(op.entity, row)
      applied.set(op, { before: stored.get(id) ?? null, after: wire })
      stored.set(id, wire)
    }
  }
  return applied
}

type Group = readonly [RowOp, ...RowOp[]]

/** Operations that may share a statement: one level, one kind, one entity, the same columns. In the order of their levels. */
export function groupOps(ops: readonly RowOp[]): Group[] {
  const groups = new Map<string, [RowOp, ...RowOp[]]>()
  for (const op of ops) {
    const what = 'columns' in op ? Object.keys(op.columns).sort().join() : op.key
    const id = `${op.level} ${op.kind} ${op.entity.name} ${what}`
    const group = groups.get(id)
    if (group) group.push(op)
    else groups.set(id, [op])
  }
  return [...groups.values()].sort(([a], [b]) => a.level - b.level)
}

async function run(tx: Transaction, group: Group): Promise<JsonRow[]> {
  const [{ kind, entity, key }] = group
  switch (kind) {
    case 'insert':
      return insertRows(tx, entity, group.map(rowOf))
    case 'update':
      return updateRows(tx, entity, Object.keys('columns' in group[0] ? group[0].columns : {}), group.map(rowOf))
    case 'delete-container':
      await deleteContainer(tx, entity, key)
      return readRows(tx, entity, [key])
    case 'restore-container':
      await restoreContainer(tx, entity, key)
      return readRows(tx, entity, [key])
  }
}

function rowOf(op: RowOp): JsonRow {
  return { ...('columns' in op ? op.columns : {}), id: op.key }
}
