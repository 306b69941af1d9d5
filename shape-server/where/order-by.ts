import type { Table } from '../postgres/table'
import { WhereError, writeName } from './expression'
import { fields, nodeList, openNode, parseStatements, syntaxErrorText } from './parse'
import { nameParts } from './scope'

const PREFIX = 'SELECT 1 ORDER BY '
const SELECT_CLAUSES = [
  'fromClause',
  'whereClause',
  'groupClause',
  'havingClause',
  'limitCount',
  'limitOffset',
  'lockingClause',
  'larg',
  'withClause',
]

/** Checks an ORDER BY: columns and constants only. Null when it may be used, else why not. */
export function checkOrderBy(orderBy: string, table: Table): string | null {
  let statements: unknown[]
  try {
    statements = parseStatements(PREFIX + orderBy)
  } catch (error) {
    return syntaxErrorText(error)
  }
  if (statements.length !== 1) return 'Unexpected `;` in order by'
  const select = fields(fields(fields(statements[0])?.['stmt'])?.['SelectStmt'])
  if (!select || SELECT_CLAUSES.some((clause) => select[clause] !== undefined)) {
    return 'malformed query ending with SQL clauses'
  }
  try {
    for (const item of nodeList(select['sortClause'])) checkItem(fields(item['SortBy']), table)
    return null
  } catch (error) {
    if (!(error instanceof WhereError)) throw error
    return `At location ${String(Math.max(0, error.location - PREFIX.length))}: ${error.message}`
  }
}

function checkItem(sort: Record<string, unknown> | null, table: Table): void {
  const node = fields(sort?.['node'])
  if (!node) throw new WhereError(0, 'malformed order by')
  const { kind, fields: f } = openNode(node as never)
  const location = Number(f['location'] ?? 0)
  if (sort?.['sortby_dir'] === 'SORTBY_USING')
    throw new WhereError(location, 'USING is not allowed in ORDER BY clauses')
  if (kind === 'A_Const') return
  if (kind !== 'ColumnRef') throw new WhereError(location, `${kind} expressions are not allowed in ORDER BY clauses`)
  const path = nameParts(f['fields'])
  if (path.length !== 1 || !table.columns.some((column) => column.name === path[0])) {
    throw new WhereError(location, `unknown reference ${writeName(path)}`)
  }
}
