import type { Table } from '../postgres/table'
import { literalAlone, literalAs } from './casts'
import type { Expression, Untyped } from './expression'
import { WhereError, writeName } from './expression'
import { fields, nodeList } from './parse'
import type { SyntaxNode } from './parse'
import { BOOL, isImplicitlyCastable, isSameType, typeText } from './types'
import type { WhereType } from './types'

export type Resolved = Expression | Untyped

/** A `SELECT` inside a clause: the shape depends on what it returns. */
export interface Subquery {
  /** Equal for subqueries that differ only in how they are written. */
  identity: string
  table: Table
  /** Positions of the columns it returns. */
  columns: number[]
  /** Its condition; null without one. */
  condition: Expression | null
  /** The whole SELECT with params in place. */
  sql: string
}

/** What names and params of a clause mean. */
export interface Scope {
  table: Table
  params: Record<string, string>
  /** Types that contexts gave to params so far. */
  paramTypes: Map<number, WhereType>
  usedParams: Set<number>
  subqueries: Subquery[]
  /** Tables that subqueries may read, by quoted name. */
  tables: ReadonlyMap<string, Table>
  /** The clause as written. */
  text: string
  /** Whether `IN (SELECT …)` may stand here. */
  allowsSubqueries: boolean
  /** Labels of enums are left to Postgres (subset snapshots only run there). */
  allowsEnumLiterals: boolean
  /** Types one node of the tree: each kind of syntax has a file of its own, and all may hold all others. */
  resolve: (node: SyntaxNode, scope: Scope) => Resolved
}

/** Types a node that stands alone: a literal becomes text. */
export function resolveAlone(node: unknown, scope: Scope): Expression {
  return settle(scope.resolve(node as SyntaxNode, scope), null, scope)
}

/** Gives a literal its type; a param keeps the type it got first. */
export function settle(resolved: Resolved, type: WhereType | null, scope: Scope): Expression {
  if (resolved.kind !== 'untyped') return resolved
  const isEnum = type?.kind === 'enum' || (type?.kind === 'array' && type.of.kind === 'enum')
  if (isEnum && scope.allowsEnumLiterals) {
    return { kind: 'constant', type, value: resolved.text, location: resolved.location }
  }
  const settled = type === null ? literalAlone(resolved) : literalAs(resolved, type)
  if (resolved.param !== null && type !== null) {
    const before = scope.paramTypes.get(resolved.param)
    if (before && !isSameType(before, type)) {
      const conflict = `type conflict for $${String(resolved.param)}: ${typeText(type)} and ${typeText(before)}`
      throw new WhereError(resolved.location, conflict)
    }
    scope.paramTypes.set(resolved.param, type)
  }
  return settled
}

/** The strings of a list of String nodes. */
export function nameParts(value: unknown): string[] {
  return nodeList(value).map((part) => {
    const text = fields(part['String'])?.['sval']
    return typeof text === 'string' ? text : ''
  })
}

/** Whether what stands for an argument can be taken as a boolean; throws when it cannot. */
export function asBool(resolved: Resolved, scope: Scope): Expression {
  const arg = settle(resolved, BOOL, scope)
  if (isImplicitlyCastable(arg.type, BOOL)) return arg
  const what =
    arg.kind === 'column'
      ? `reference ${writeName([arg.name])} of type`
      : arg.kind === 'call'
        ? `function ${arg.name} returning`
        : 'value of type'
  throw new WhereError(arg.location, `${what} ${typeText(arg.type)} is not castable to bool`)
}
