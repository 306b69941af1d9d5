import type { SyntaxNode } from './parse'
import type { WhereType } from './types'
import type { Run } from './functions'
import type { Value } from './values'

/** A typed expression. */
export type Expression =
  | { kind: 'constant'; type: WhereType; value: Value; location: number }
  | { kind: 'column'; type: WhereType; index: number; name: string; location: number }
  /** `isStrict`: null as soon as one argument is. */
  | { kind: 'call'; type: WhereType; name: string; args: Expression[]; isStrict: boolean; run: Run; location: number }
  | { kind: 'and' | 'or'; type: WhereType; args: Expression[]; location: number }
  | { kind: 'not'; type: WhereType; args: Expression[]; location: number }
  /** `columns IN (SELECT …)`: the set is read with the snapshot. */
  | { kind: 'member'; type: WhereType; args: Expression[]; subquery: number; location: number }

/** A literal or param whose type its context decides. */
export interface Untyped {
  kind: 'untyped'
  text: string | null
  param: number | null
  location: number
}

/** A clause cannot be understood, or is not allowed; `location` counts from the start of the statement, prefix included. */
export class WhereError extends Error {
  constructor(
    readonly location: number,
    message: string,
  ) {
    super(message)
  }
}

export type Node = SyntaxNode

/** An identifier as error texts write it. */
export function writeName(parts: string[]): string {
  if (parts.length === 2 && parts[0] === 'pg_catalog') return parts[1] ?? ''
  return parts
    .map((part) => (/^[\p{Ll}_][\p{Ll}\p{Nd}_]*$/u.test(part) ? part : `"${part.replaceAll('"', '""')}"`))
    .join('.')
}
