import type { Row } from '../encoding/message'
import type { Table } from '../postgres/table'
import { evaluator } from './evaluate'
import type { MemberSets } from './evaluate'
import type { Expression } from './expression'
import { WhereError } from './expression'
import { routingKeys } from './routing-keys'
import type { RoutingKey } from './routing-keys'
import { parseWhere, WHERE_PREFIX } from './parse'
import { resolve, settle } from './resolve'
import type { Scope } from './resolve'
import { normalise, substituteParams } from './normalise'
import type { Subquery } from './subquery'
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
  /** Rows that match have one of these values in one of these columns; null when nothing like it can be said. */
  keys: RoutingKey[] | null
}

export type Compiled = { ok: true; where: CompiledWhere } | { ok: false; error: string }

export interface CompileOptions {
  allowsSubqueries?: boolean
  allowsEnumLiterals?: boolean
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
    allowsSubqueries: options.allowsSubqueries ?? true,
    allowsEnumLiterals: options.allowsEnumLiterals ?? false,
  }
  try {
    const expression = settle(resolve(parsed.node, scope), null, scope)
    for (const number of Object.keys(params)) {
      if (!scope.usedParams.has(Number(number))) throw new WhereError(0, `parameter value for $${number} was not used`)
    }
    if (!isSameType(expression.type, BOOL)) return { ok: false, error: 'WHERE clause must return a boolean' }
    return { ok: true, where: build(sql, parsed.node, expression, scope) }
  } catch (error) {
    if (!(error instanceof WhereError)) throw error
    const location = Math.max(error.location - WHERE_PREFIX.length, 0)
    return { ok: false, error: `At location ${String(location)}: ${error.message}` }
  }
}

const NO_SETS: MemberSets = []

function build(
  sql: string,
  node: Parameters<typeof normalise>[0],
  expression: Expression,
  scope: Scope,
): CompiledWhere {
  const run = evaluator(expression)
  const columns = new Set<number>()
  collectColumns(expression, columns)
  return {
    sql: substituteParams(sql, node, scope),
    identity: JSON.stringify(normalise(node, scope)),
    columns: [...columns],
    matches: (row) => {
      try {
        return run(row, NO_SETS) === true
      } catch {
        return false
      }
    },
    keys: routingKeys(expression),
  }
}

function collectColumns(expression: Expression, into: Set<number>): void {
  if (expression.kind === 'column') into.add(expression.index)
  if ('args' in expression) for (const arg of expression.args) collectColumns(arg, into)
}
