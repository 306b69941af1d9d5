import type { Expression } from './expression'
import { WhereError } from './expression'
import type { SyntaxFields } from './parse'
import type { Scope } from './resolve'

/** A `SELECT` inside a clause. */
export interface Subquery {
  sql: string
}

/** `columns IN (SELECT …)`. */
export function readSubquery(f: SyntaxFields, location: number, scope: Scope): Expression {
  if (!scope.allowsSubqueries) throw new WhereError(location, 'Subqueries are not allowed in subsets')
  if (f['subLinkType'] !== 'ANY_SUBLINK' || f['operName'] !== undefined) {
    throw new WhereError(location, 'only `value IN (SELECT ...)` sublinks are supported right now')
  }
  throw new WhereError(location, 'only `value IN (SELECT ...)` sublinks are supported right now')
}
