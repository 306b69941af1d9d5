import type { RelationName } from '../postgres/identifiers'
import { quoteRelation } from '../postgres/identifiers'
import type { Table } from '../postgres/table'
import type { Expression } from './expression'
import { WhereError } from './expression'
import { normalise, substituteParams } from './normalise'
import { fields, nodeList, openNode, scanTokens, WHERE_PREFIX } from './parse'
import type { SyntaxFields, SyntaxNode } from './parse'
import { asBool, nameParts } from './scope'
import type { Scope } from './scope'
import { BOOL, columnType, isSameType, typeText } from './types'

/** The tables that subqueries anywhere in a tree read. */
export function subqueryTables(node: unknown, found: RelationName[] = []): RelationName[] {
  if (Array.isArray(node)) for (const item of node) subqueryTables(item, found)
  const entries = fields(node)
  if (!entries) return found
  const range = fields(entries['RangeVar'])
  if (range && typeof range['relname'] === 'string') {
    const schema = typeof range['schemaname'] === 'string' ? range['schemaname'] : 'public'
    found.push({ schema, name: range['relname'] })
  }
  for (const child of Object.values(entries)) subqueryTables(child, found)
  return found
}

const CLAUSES = [
  'distinctClause',
  'groupClause',
  'havingClause',
  'windowClause',
  'limitOffset',
  'limitCount',
  'sortClause',
  'lockingClause',
  'withClause',
  'larg',
  'valuesLists',
]

/** `columns IN (SELECT …)`. */
export function readSubquery(f: SyntaxFields, location: number, scope: Scope): Expression {
  if (!scope.allowsSubqueries) throw new WhereError(location, 'Subqueries are not allowed in subsets')
  const select = fields(fields(f['subselect'])?.['SelectStmt'])
  if (!select) throw new WhereError(location, 'only `value IN (SELECT ...)` sublinks are supported right now')
  const names = selectedColumns(select)
  if (f['subLinkType'] !== 'ANY_SUBLINK' || f['operName'] !== undefined) {
    throw new WhereError(location, 'only `value IN (SELECT ...)` sublinks are supported right now')
  }
  const args = leftSide(f['testexpr'] as SyntaxNode, location, scope)
  if (CLAUSES.some((clause) => select[clause] !== undefined)) {
    throw new WhereError(location, 'SELECT statement must not contain any clauses')
  }
  const table = fromTable(select, location, scope)
  const columns = names.map((name) => {
    const index = table.columns.findIndex((column) => column.name === name.text)
    if (index === -1) throw new WhereError(name.location, `unknown reference ${name.text}`)
    return index
  })
  checkTypes(args, columns, table, location)
  const inner: Scope = { ...scope, table }
  const where = fields(select['whereClause']) ? (select['whereClause'] as SyntaxNode) : null
  const condition = where && asBool(inner.resolve(where, inner), inner)
  const identity = JSON.stringify(normalise(f['subselect'], scope))
  scope.subqueries.push({ identity, table, columns, condition, sql: subselectSql(f, location, scope) })
  return { kind: 'member', type: BOOL, args, subquery: scope.subqueries.length - 1, location }
}

function selectedColumns(select: SyntaxFields): { text: string; location: number }[] {
  return nodeList(select['targetList']).map((item) => {
    const target = fields(item['ResTarget']) ?? {}
    const { kind, fields: value } = openNode((target['val'] ?? {}) as SyntaxNode)
    const path = kind === 'ColumnRef' ? nameParts(value['fields']) : []
    const location = Number(target['location'] ?? 0)
    if (path.length !== 1 || path[0] === '') throw new WhereError(location, 'Expected a plain column reference')
    return { text: path[0] ?? '', location }
  })
}

function leftSide(node: SyntaxNode, location: number, scope: Scope): Expression[] {
  const row = fields(node['RowExpr'])
  const args = (row ? nodeList(row['args']) : [node]).map((item) => scope.resolve(item, scope))
  const columns = args.filter((arg) => arg.kind === 'column')
  if (columns.length === args.length) return columns
  throw new WhereError(
    location,
    'currently, left side of `IN (SELECT ...)` can only be a column reference or a list of column references',
  )
}

function fromTable(select: SyntaxFields, location: number, scope: Scope): Table {
  const [range, ...more] = nodeList(select['fromClause'])
  const [relation] = range && more.length === 0 && range['RangeVar'] ? subqueryTables(range) : []
  if (!relation) throw new WhereError(location, 'Expected a single table reference')
  const table = scope.tables.get(quoteRelation(relation))
  if (!table) throw new WhereError(location, `Table ${quoteRelation(relation)} does not exist`)
  return table
}

function checkTypes(args: Expression[], columns: number[], table: Table, location: number): void {
  const given = args.map((arg) => arg.type)
  const returned = columns.map((i) => table.columns[i]).map((column) => (column ? columnType(column) : BOOL))
  const isSame =
    given.length === returned.length && given.every((type, i) => returned[i] && isSameType(type, returned[i]))
  if (isSame) return
  const list = (types: typeof given) => types.map(typeText).join(', ')
  throw new WhereError(
    location,
    `left side of \`IN (SELECT ...)\` has type ${list(given)} but subquery returns ${list(returned)}`,
  )
}

/** The text between the parentheses behind IN; the grammar tells only where the expression begins. */
function subselectSql(f: SyntaxFields, location: number, scope: Scope): string {
  const bytes = Buffer.from(WHERE_PREFIX + scope.text)
  const tokens = scanTokens(bytes.toString('utf8')).filter((token) => token.start >= location)
  const open = tokens.findIndex((token) => token.text === '(')
  let depth = 0
  for (const token of tokens.slice(open)) {
    if (token.text === '(') depth++
    if (token.text === ')') depth--
    if (depth !== 0) continue
    const start = tokens[open]?.end ?? 0
    return substituteParams(bytes.toString('utf8', start, token.start), f['subselect'], scope, start)
  }
  throw new WhereError(location, 'Expected a subquery')
}
