/** Identifiers as Postgres reads them: unquoted ones are folded to lower case, quoted ones kept. */

export type Read<T> = { ok: true; value: T } | { ok: false; error: string }

export interface RelationName {
  schema: string
  name: string
}

const IDENTIFIER_BYTES_MAX = 63
const UNQUOTED = /^[\p{L}_][\p{L}\p{M}_0-9$]*$/u

/** Reads `name` or `schema.name`; the schema defaults to `public`. */
export function parseRelationName(text: string): Read<RelationName> {
  const parts = splitOutsideQuotes(text, '.')
  if (parts.length > 2) return { ok: false, error: `Invalid relation identifier, too many delimiters: ${text}` }
  const names: string[] = []
  for (const part of parts) {
    const name = parseIdentifier(part)
    if (!name.ok) return name
    names.push(name.value)
  }
  const [first = '', second] = names
  return { ok: true, value: second === undefined ? { schema: 'public', name: first } : { schema: first, name: second } }
}

/** Reads one identifier. */
export function parseIdentifier(text: string): Read<string> {
  if (text === '""' || text === '') return { ok: false, error: 'Invalid zero-length delimited identifier' }
  let name: string
  if (text.length > 2 && text.startsWith('"') && text.endsWith('"')) {
    const inner = text.slice(1, -1)
    if (/"/.test(inner.replaceAll('""', ''))) {
      return { ok: false, error: `Invalid identifier with unescaped quote: ${inner}` }
    }
    name = inner.replaceAll('""', '"')
  } else {
    if (!UNQUOTED.test(text)) {
      return { ok: false, error: `Invalid unquoted identifier contains special characters: ${text}` }
    }
    name = text.replace(/[A-Z]+/g, (upper) => upper.toLowerCase())
  }
  if (Buffer.byteLength(name) > IDENTIFIER_BYTES_MAX) {
    return { ok: false, error: `Identifier is too long (max length is 63): ${name}` }
  }
  return { ok: true, value: name }
}

/** Reads a comma separated list of identifiers; commas inside quotes belong to the name. */
export function parseIdentifierList(text: string): Read<string[]> {
  const names: string[] = []
  for (const part of splitOutsideQuotes(text, ',')) {
    const name = parseIdentifier(part.trim())
    if (!name.ok) return name
    names.push(name.value)
  }
  return { ok: true, value: names }
}

/** Writes an identifier for SQL, always quoted. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Writes a string literal for SQL, safe whatever standard_conforming_strings says. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** `"schema"."table"`, as SQL and error texts write it. */
export function quoteRelation(relation: RelationName): string {
  return `${quoteIdentifier(relation.schema)}.${quoteIdentifier(relation.name)}`
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') quoted = !quoted
    else if (text[i] === separator && !quoted) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}
