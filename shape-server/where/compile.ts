import type { Row } from '../encoding/message'
import type { Table } from '../postgres/table'
import { evaluator } from './evaluate'
import type { Expression } from './expression'
import { WhereError } from './expression'
import { routingKeys } from './routing-keys'
import type { RoutingKey } from './routing-keys'
import { parseWhere, WHERE_PREFIX } from './parse'
import { hasMixedPolarity } from './polarity'
import { resolve } from './resolve'
import { settle } from './scope'
import type { Scope, Subquery } from './scope'
import { normalise, substituteParams } from './normalise'
import { BOOL, isSameType } from './types'

export interface CompiledWhere {
  /** For the snapshot: the clause with its params in place. */
  sql: string
  /** Equal for clauses that differ only in how they are written. */
  identity: string
  /** Positions of the columns it reads. */
  columns: number[]
  /** Whether a row is in; a row that cannot be evaluated is not. */
  matches: (row: Row) => boolean
  /** What its subqueries read. */
  dependencies: Dependency[]
  /** Tells what a subquery returned; until then no row with it matches. */
  setMembers: (subquery: number, members: ReadonlySet<string>) => void
  /** Rows that match have one of these values in one of these columns; null when nothing like it can be said. */
  keys: RoutingKey[] | null
}

/** A table that a subquery reads. */
export interface Dependency {
  table: Table
  columns: number[]
  sql: string
  /** Whether a row may be among those it returns. */
  mayReturn: (row: Row) => boolean
}

const MIXED_POLARITY =
  'a subquery dependency cannot be used with both positive and negative polarity in the same filter'

export type Compiled = { ok: true; where: CompiledWhere } | { ok: false; error: string }

export interface CompileOptions {
  allowsSubqueries?: boolean
  allowsEnumLiterals?: boolean
  /** Tables that subqueries may read, by quoted name. */
  tables?: ReadonlyMap<string, Table>
}

/** Compiles a where clause against a table. The error is worded and placed as production's. */
export function compileWhere(
  sql: string,
  params: Record<string, string>,
  table: Table,
  options: CompileOptions = {},
): Compiled {
  const parsed = parseWhere(sql)
  if (!parsed.ok) return parsed
  const scope: Scope = {
    table,
    params,
    paramTypes: new Map(),
    usedParams: new Set(),
    subqueries: [] as Subquery[],
    tables: options.tables ?? new Map<string, Table>(),
    text: sql,
    allowsSubqueries: options.allowsSubqueries ?? true,
    allowsEnumLiterals: options.allowsEnumLiterals ?? false,
    resolve,
  }
  try {
    const expression = settle(resolve(parsed.node, scope), null, scope)
    for (const number of Object.keys(params)) {
      if (!scope.usedParams.has(Number(number))) throw new WhereError(0, `parameter value for $${number} was not used`)
    }
    if (!isSameType(expression.type, BOOL)) return { ok: false, error: 'WHERE clause must return a boolean' }
    const filters = [expression, ...scope.subqueries.flatMap(({ condition }) => condition ?? [])]
    if (filters.some((filter) => hasMixedPolarity(filter, scope.subqueries)))
      return { ok: false, error: MIXED_POLARITY }
    return { ok: true, where: build(sql, parsed.node, expression, scope) }
  } catch (error) {
    if (!(error instanceof WhereError)) throw error
    const location = Math.max(error.location - WHERE_PREFIX.length, 0)
    return { ok: false, error: `At location ${String(location)}: ${error.message}` }
  }
}

function build(
  sql: string,
  node: Parameters<typeof normalise>[0],
  expression: Expression,
  scope: Scope,
): CompiledWhere {
  const run = evaluator(expression)
  const sets: ReadonlySet<string>[] = []
  const columns = new Set<number>()
  collectColumns(expression, columns)
  return {
    sql: substituteParams(sql, node, scope),
    identity: JSON.stringify(normalise(node, scope)),
    columns: [...columns],
    matches: (row) => {
      try {
        return run(row, sets) === true
      } catch {
        return false
      }
    },
    dependencies: scope.subqueries.map(toDependency),
    setMembers: (subquery, members) => (sets[subquery] = members),
    keys: routingKeys(expression),
  }
}

function collectColumns(expression: Expression, into: Set<number>): void {
  if (expression.kind === 'column') into.add(expression.index)
  if ('args' in expression) for (const arg of expression.args) collectColumns(arg, into)
}

function toDependency({ table, columns, condition, sql }: Subquery): Dependency {
  const run = condition && !hasMember(condition) ? evaluator(condition) : null
  const mayReturn = (row: Row) => {
    try {
      return run === null || run(row, []) === true
    } catch {
      return true
    }
  }
  return { table, columns, sql, mayReturn }
}

/** Conditions with subqueries of their own are not evaluated: any row counts as returned. */
function hasMember(expression: Expression): boolean {
  return expression.kind === 'member' || ('args' in expression && expression.args.some(hasMember))
}
