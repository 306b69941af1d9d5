import { setFlagsFromString } from 'node:v8'
import type * as LibPgQuery from 'libpg-query'
/** A node of Postgres's own syntax tree, as JSON: one key names the kind, its value holds the fields. */
export type SyntaxNode = { [kind: string]: SyntaxFields }
export type SyntaxFields = { [field: string]: unknown }

export type ParsedWhere = { ok: true; node: SyntaxNode; sql: string } | { ok: false; error: string }

/** What is put before the clause to make it a statement; syntax errors count their location from its start. */
export const WHERE_PREFIX = 'SELECT 1 WHERE '

const CLAUSES_THAT_MAY_NOT_FOLLOW = ['fromClause', 'windowClause', 'groupClause', 'sortClause', 'lockingClause']
// Beyond what production refuses: set operations, LIMIT, HAVING and the like would change what the snapshot's query means.
const CLAUSES_NEVER_MEANT = [
  'limitCount',
  'limitOffset',
  'havingClause',
  'withClause',
  'larg',
  'rarg',
  'distinctClause',
]

type Grammar = Pick<typeof LibPgQuery, 'parseSync' | 'scanSync' | 'hasSqlDetails'>
let grammar: Grammar | null = null

/** Loads the grammar (WASM, 20 MB of memory) when the first clause comes; until then nothing can be parsed. */
export async function loadGrammar(): Promise<void> {
  if (grammar) return
  // V8 would compile it a second time, better, after some hundred clauses: 35 MB that stay, to parse no faster.
  setFlagsFromString('--liftoff-only')
  const loaded = await import('libpg-query')
  await loaded.loadModule()
  grammar = loaded
}

/** The statements of a text, as Postgres's grammar reads them. Throws what `syntaxErrorText` can word. */
export function parseStatements(sql: string): unknown[] {
  if (!grammar) throw new Error('the grammar is not loaded')
  return grammar.parseSync(sql).stmts ?? []
}

/** Parses a where clause with Postgres's grammar. */
export function parseWhere(sql: string): ParsedWhere {
  let statements: unknown[]
  try {
    statements = parseStatements(WHERE_PREFIX + sql)
  } catch (error) {
    return { ok: false, error: syntaxErrorText(error) }
  }
  const select = fields(fields(fields(statements[0])?.['stmt'])?.['SelectStmt'])
  if (statements.length !== 1 || !select) return { ok: false, error: 'unescaped ";" causing statement split' }
  const node = select['whereClause']
  const isExtra = [...CLAUSES_THAT_MAY_NOT_FOLLOW, ...CLAUSES_NEVER_MEANT].some((name) => select[name] !== undefined)
  if (isExtra || !isNode(node)) return { ok: false, error: 'malformed query ending with SQL clauses' }
  return { ok: true, node, sql }
}

export interface Token {
  text: string
  /** In bytes. */
  start: number
  end: number
}

/** The tokens of a text that is known to parse. */
export function scanTokens(sql: string): Token[] {
  if (!grammar) throw new Error('the grammar is not loaded')
  return grammar.scanSync(sql).tokens
}

/** The words and place of a syntax error, as Electric writes them. */
export function syntaxErrorText(error: unknown): string {
  if (!grammar?.hasSqlDetails(error) || !error.sqlDetails) throw error
  return `At location ${String(error.sqlDetails.cursorPosition)}: ${error.sqlDetails.message}`
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function fields(value: unknown): SyntaxFields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
}

/** Kind and fields of a node. */
export function openNode(node: SyntaxNode): { kind: string; fields: SyntaxFields } {
  const [entry] = Object.entries(node)
  return entry ? { kind: entry[0], fields: entry[1] } : { kind: 'Unknown', fields: {} }
}

/** A list of nodes in a field. */
export function nodeList(value: unknown): SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : []
}
