import { quoteRelation } from '../postgres/identifiers'
import type { Table } from '../postgres/table'
import type { Service } from '../service'
import type { ShapeDefinition } from '../shapes/definition'
import { compileWhere } from '../where/compile'
import { parseWhere } from '../where/parse'
import { subqueryTables } from '../where/subquery'
import type { FieldErrors, ShapeRequest } from './params'

export type Resolved = { ok: true; definition: ShapeDefinition } | { ok: false; errors: FieldErrors }

/** Fits a request to its table: which columns exist, what the clause means. */
export function resolveDefinition(
  request: ShapeRequest,
  table: Table | null,
  canStreamGenerated: boolean,
  subqueryTables: ReadonlyMap<string, Table>,
): Resolved {
  if (!table) return { ok: false, errors: { table: [missingTable(request)] } }
  const queryable = selectColumns(request.queryableColumns, table, 'queryable columns')
  if (!queryable.ok) return { ok: false, errors: { queryable_columns: [queryable.error] } }
  const columns = selectColumns(request.columns ?? request.queryableColumns, table, 'columns')
  if (!columns.ok) return { ok: false, errors: { columns: [columns.error] } }
  const unknown = queryable.value
    ? columns.value?.filter((i) => !queryable.value?.includes(i)).map((i) => table.columns[i]?.name)
    : []
  if (unknown && unknown.length > 0) {
    return {
      ok: false,
      errors: { columns: [`The following columns are not found on the table: ${unknown.join(', ')}`] },
    }
  }
  const selected = columns.value ?? table.columns.map((_, i) => i)
  const names = unstreamedNames(selected, table, canStreamGenerated)
  if (names !== '') {
    const hint = columns.value
      ? ''
      : ". You can exclude them from the shape by explicitly listing which columns to fetch in the 'columns' query param"
    const message = `The following columns are generated and cannot be included in the shape: ${names}${hint}`
    return { ok: false, errors: { columns: [message] } }
  }
  const compiled =
    request.where === null ? null : compileWhere(request.where, request.params, table, { tables: subqueryTables })
  if (compiled?.ok === false) return { ok: false, errors: { where: [compiled.error] } }
  const unseen = unstreamedNames(compiled?.where.columns ?? [], table, canStreamGenerated)
  if (unseen !== '') {
    const message = `The following columns are generated and cannot be used in the where clause: ${unseen}`
    return { ok: false, errors: { where: [message] } }
  }
  if (request.asksCompaction && (compiled?.where.dependencies.length ?? 0) > 0) {
    return { ok: false, errors: { experimental_compaction: ['is not supported for shapes with subqueries'] } }
  }
  return {
    ok: true,
    definition: {
      table,
      selected,
      replica: request.replica,
      log: request.log,
      where: compiled?.where ?? null,
      whereText: request.where,
      params: request.where === null ? {} : request.params,
      hasExplicitColumns: columns.value !== null,
    },
  }
}

/** Milliseconds after which what is known of a table is asked again by who begins anew. */
export const FRESH_MS = 1000

/** The tables that subqueries of the clause read, as they are now. */
export async function subqueryTablesOf(service: Service, request: ShapeRequest): Promise<Map<string, Table>> {
  const found = new Map<string, Table>()
  const parsed = request.where?.match(/select/i) ? parseWhere(request.where) : null
  for (const relation of parsed?.ok ? subqueryTables(parsed.node) : []) {
    const table = await service.tables.get(relation, FRESH_MS)
    if (table) found.set(quoteRelation(relation), table)
  }
  return found
}

/** Generated columns among these that the log does not carry, for an error text. */
function unstreamedNames(positions: number[], table: Table, canStreamGenerated: boolean): string {
  const columns = positions.flatMap((i) => table.columns[i] ?? [])
  return columns
    .filter(({ generated }) => generated === 'virtual' || (generated === 'stored' && !canStreamGenerated))
    .map((column) => column.name)
    .join(', ')
}

function missingTable(request: ShapeRequest): string {
  return `Table ${quoteRelation(request.relation)} does not exist. If the table name contains capitals or special characters you must quote it.`
}

/** Positions of named columns, in the order of their names; null when none were named. */
function selectColumns(
  names: string[] | null,
  table: Table,
  what: string,
): { ok: true; value: number[] | null } | { ok: false; error: string } {
  if (names === null) return { ok: true, value: null }
  if (names.length === 0) return { ok: false, error: `The list of ${what} must not be empty` }
  const positions = new Map(table.columns.map((column, i) => [column.name, i]))
  const missingKey = table.pk.map((i) => table.columns[i]?.name ?? '').filter((name) => !names.includes(name))
  if (missingKey.length > 0) {
    return {
      ok: false,
      error: `The list of ${what} must include all primary key columns, missing: ${missingKey.join(', ')}`,
    }
  }
  const unknown = names.filter((name) => !positions.has(name))
  if (unknown.length > 0) {
    return { ok: false, error: `The following ${what} are not found on the table: ${unknown.join(', ')}` }
  }
  const sorted = [...new Set(names)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return { ok: true, value: sorted.map((name) => positions.get(name) ?? -1) }
}
