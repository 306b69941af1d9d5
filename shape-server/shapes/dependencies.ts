import type pg from 'pg'
import type { Row } from '../encoding/message'
import { quoteIdentifier } from '../postgres/identifiers'
import type { Table } from '../postgres/table'
import { HAS_NULL, tupleKey } from '../where/evaluate'
import type { CompiledWhere, Dependency } from '../where/compile'
import type { Shape } from './shape'

/** Reads what a clause's subqueries return, in the snapshot's own transaction. */
export async function readMemberSets(client: pg.ClientBase, where: CompiledWhere | null): Promise<void> {
  for (const [i, dependency] of (where?.dependencies ?? []).entries()) {
    const names = dependency.columns.map((position) => dependency.table.columns[position]?.name ?? '')
    const list = names.map((name) => `(q.${quoteIdentifier(name)})::text`).join(', ')
    const found = await client.query<{ tuple: (string | null)[] }>(
      `SELECT DISTINCT json_build_array(${list})::text::jsonb AS tuple FROM (${dependency.sql}\n) q`,
    )
    const set = new Set<string>()
    for (const { tuple } of found.rows)
      set.add(tuple.includes(null) ? HAS_NULL : tupleKey(tuple.map(asLogText(dependency))))
    where?.setMembers(i, set)
  }
}

/** Casts write booleans as words, the log as letters. */
function asLogText({ table, columns }: Dependency): (text: string | null, i: number) => string | null {
  return (text, i) => {
    const isBoolean = table.columns[columns[i] ?? -1]?.typeName === 'bool'
    return isBoolean && text !== null ? text.slice(0, 1) : text
  }
}

/** A shape's interest in a table that its subqueries read. */
interface Watch {
  shape: Shape
  dependency: Dependency
}

/** Which shapes depend on which tables. */
export class DependencyIndex {
  private readonly watches = new Map<number, Watch[]>()

  add(shape: Shape): void {
    for (const dependency of shape.definition.where?.dependencies ?? []) {
      const { oid } = dependency.table
      this.watches.set(oid, [...(this.watches.get(oid) ?? []), { shape, dependency }])
    }
  }

  remove(shape: Shape): void {
    for (const { table } of shape.definition.where?.dependencies ?? []) {
      const rest = (this.watches.get(table.oid) ?? []).filter((watch) => watch.shape !== shape)
      if (rest.length > 0) this.watches.set(table.oid, rest)
      else this.watches.delete(table.oid)
    }
  }

  get isEmpty(): boolean {
    return this.watches.size === 0
  }

  follows(oid: number): boolean {
    return this.watches.has(oid)
  }

  /** Shapes whose subqueries may return something else after this change. */
  affected(oid: number, toRow: (table: Table) => { before: Row | null; after: Row | null }): Shape[] {
    const found: Shape[] = []
    for (const { shape, dependency } of this.watches.get(oid) ?? []) {
      const { before, after } = toRow(dependency.table)
      const was = before !== null && dependency.mayReturn(before) ? returned(dependency, before) : null
      const is = after !== null && dependency.mayReturn(after) ? returned(dependency, after) : null
      if (was !== is) found.push(shape)
    }
    return found
  }

  all(oid: number): Shape[] {
    return (this.watches.get(oid) ?? []).map((watch) => watch.shape)
  }
}

function returned(dependency: Dependency, row: Row): string {
  return JSON.stringify(dependency.columns.map((i) => row[i] ?? null))
}
