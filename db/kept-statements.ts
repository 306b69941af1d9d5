import { createHash } from 'node:crypto'
import { sql, type SQL } from 'drizzle-orm'
import type pg from 'pg'

const MARK = '/* kept */'

/**
 * Begins a statement that each connection keeps once it has run there: PostgreSQL then parses, rewrites (row-level security) and plans
 * it once, which costs more than running it. For texts of which there are few, because every connection holds every one.
 */
export const kept: SQL = sql.raw(`${MARK} `)

/** Lets a connection keep the statements that begin with `kept`. They need a pooler that hands prepared statements on, or none. */
export function keepStatements(client: pg.ClientBase): void {
  const query = client.query.bind(client) as (config: unknown, ...rest: unknown[]) => unknown
  const named = (config: unknown, ...rest: unknown[]) => query(isKept(config) ? nameOf(config) : config, ...rest)
  client.query = named as typeof client.query
}

interface QueryConfig {
  text: string
}

function isKept(config: unknown): config is QueryConfig {
  return typeof config === 'object' && config !== null && 'text' in config && String(config.text).startsWith(MARK)
}

const names = new Map<string, string>()

/** The same text bears the same name on every connection: behind a pooler one of theirs may serve several of ours. */
function nameOf(config: QueryConfig): QueryConfig & { name: string } {
  let name = names.get(config.text)
  if (name === undefined) {
    name = `kept_${createHash('sha256').update(config.text).digest('hex').slice(0, 32)}`
    names.set(config.text, name)
  }
  return { ...config, name }
}
