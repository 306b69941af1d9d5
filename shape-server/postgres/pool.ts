import fs from 'node:fs'
import pg from 'pg'
import type { ClientConfig } from 'pg'

/**
 * How values are written, on snapshot and replication connections alike: a row must read the same in both.
 * One statement each, so that poolers which refuse start-up options accept them.
 */
export const SESSION_SETTINGS = [
  "SET bytea_output = 'hex'",
  "SET DateStyle = 'ISO, DMY'",
  "SET TimeZone = 'UTC'",
  'SET extra_float_digits = 1',
  "SET IntervalStyle = 'iso_8601'",
].join('; ')

/** Connection settings of a database URL. */
export function clientConfig(url: string, caFile: string | null): ClientConfig {
  return {
    connectionString: url,
    application_name: 'shape-server',
    ...(caFile === null ? {} : { ssl: { ca: fs.readFileSync(caFile, 'utf8') } }),
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  }
}

// The types say void; pg awaits what is returned.
const applySettings = (client: pg.ClientBase): void => client.query(SESSION_SETTINGS) as unknown as void

/** A pool of sessions that write values as the log does. */
export function createPool(url: string, caFile: string | null, size: number): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(url, caFile),
    max: size,
    idleTimeoutMillis: 10_000,
    // pg awaits it before it lends the connection.
    onConnect: applySettings,
  })
  // An idle connection that breaks is replaced by the next query.
  pool.on('error', () => undefined)
  // One that is lent fails its statement, or the next one; its error event, which nobody else listens to, would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
