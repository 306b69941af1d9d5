import { neonConfig, Pool as NeonPool } from '@neondatabase/serverless'
import { sql } from 'drizzle-orm'
import type { ExtractTablesWithRelations } from 'drizzle-orm'
import { drizzle as drizzleNeon } from 'drizzle-orm/neon-serverless'
import { drizzle as drizzlePg, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres'
import type { PgDatabase, PgTransaction } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { WebSocket } from 'ws'
import { keepStatements } from './kept-statements'
import * as schema from './schema'

type Schema = typeof schema

/** Runs one statement after another, each for itself. The same for both drivers; `execute` answers `{ rows }`. */
export type Database = PgDatabase<NodePgQueryResultHKT, Schema> & AsyncDisposable & { close(): Promise<void> }

/** Runs statements of one transaction. */
export type Transaction = PgTransaction<NodePgQueryResultHKT, Schema, ExtractTablesWithRelations<Schema>>

export type Driver = 'pg' | 'neon'

export interface OpenOptions {
  /** Connections at most; 10 unless told. */
  max?: number
  /** Told by the URL unless given. */
  driver?: Driver
  /** `host:port` of a WebSocket proxy in front of a Postgres that is not Neon's (tests). */
  neonProxy?: string
}

const CONNECT_TIMEOUT_MS = 10_000
const IDLE_TIMEOUT_MS = 30_000
const POOL_MAX = 10

/** Opens a pool. Connects with the first statement, so a wrong URL is told then. `close` waits for running statements. */
export function openDatabase(url: string, options: OpenOptions = {}): Database {
  const settings = {
    connectionString: url,
    max: options.max ?? POOL_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    application_name: 'backline',
  }
  const pool = (options.driver ?? driverFor(url)) === 'neon' ? neonPool(settings, options.neonProxy) : pgPool(settings)
  let closing: Promise<void> | undefined
  const close = () => (closing ??= pool.end())
  return Object.assign(pool.database, { close, [Symbol.asyncDispose]: close })
}

/** Neon's driver for Neon's hosts or where DATABASE_DRIVER says so, `pg` elsewhere. */
export function driverFor(url: string, env: Record<string, string | undefined> = process.env): Driver {
  if (env['DATABASE_DRIVER'] === 'neon' || env['DATABASE_DRIVER'] === 'pg') return env['DATABASE_DRIVER']
  return /(^|\.)neon\.(tech|build)$/.test(new URL(url).hostname) ? 'neon' : 'pg'
}

type OpenPool = { database: PgDatabase<NodePgQueryResultHKT, Schema>; end: () => Promise<void> }

function pgPool(settings: pg.PoolConfig): OpenPool {
  const pool = new pg.Pool(settings)
  pool.on('error', reportIdleFailure)
  pool.on('connect', prepareConnection)
  return { database: drizzlePg(pool, { schema }), end: () => pool.end() }
}

function neonPool(settings: pg.PoolConfig, proxy: string | undefined): OpenPool {
  // Node 20 has no WebSocket of its own.
  neonConfig.webSocketConstructor = WebSocket
  const wsProxy = proxy ?? process.env.NEON_WS_PROXY
  if (wsProxy !== undefined) {
    // The proxy speaks plain TCP to Postgres: no TLS and none of the shortcuts that only Neon's own proxy understands.
    neonConfig.wsProxy = wsProxy
    neonConfig.useSecureWebSocket = false
    neonConfig.pipelineConnect = false
    neonConfig.pipelineTLS = false
  }
  const pool = new NeonPool(settings)
  pool.on('error', reportIdleFailure)
  pool.on('connect', prepareConnection)
  // Both drivers answer with pg's own result objects; only Drizzle's types tell them apart.
  const database = drizzleNeon(pool, { schema }) as unknown as PgDatabase<NodePgQueryResultHKT, Schema>
  return { database, end: () => pool.end() }
}

function prepareConnection(client: pg.ClientBase): void {
  client.on('error', leaveToStatement)
  if (process.env.DATABASE_KEEPS_STATEMENTS !== 'false') keepStatements(client)
}

/**
 * A connection that breaks inside a transaction fails its statement, which is who tells. It also emits an error that nobody listens to
 * while it is out of the pool, and that would end the process.
 */
function leaveToStatement(): void {}

/** A pool drops a broken idle connection by itself; without a listener the process would end. */
function reportIdleFailure(error: Error): void {
  console.warn(`database: an idle connection was lost (${error.message})`)
}

const PROCESS_WIDE = Symbol.for('backline.database')
const holder = globalThis as { [PROCESS_WIDE]?: Database }

/** The process's own pool, opened from DATABASE_URL at first use. One pool even where Next loads this module again and again. */
export function database(): Database {
  return (holder[PROCESS_WIDE] ??= openDatabase(requiredUrl()))
}

function requiredUrl(): string {
  const url = process.env.DATABASE_URL
  if (!url) throw new Error('DATABASE_URL is not set: the app needs it to find its database (see .env.example).')
  return url
}

/**
 * Refuses to start under a role that row-level security does not bind: a superuser, BYPASSRLS, or an owner of the tables.
 * Throws a sentence for the operator.
 */
export async function assertAppRole(db: Pick<Database, 'execute'>): Promise<void> {
  const { rows } = await db.execute<{ name: string; bypasses: boolean; owns: boolean }>(sql`
    SELECT r.rolname AS name, r.rolsuper OR r.rolbypassrls AS bypasses,
      EXISTS (
        SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('public', 'app') AND c.relkind IN ('r', 'p') AND pg_has_role(r.oid, c.relowner, 'USAGE')
      ) AS owns
    FROM pg_roles r WHERE r.rolname = current_user
  `)
  const role = rows[0]
  if (!role) throw new Error('The database does not tell under which role the app is connected.')
  if (!role.bypasses && !role.owns) return
  const reason = role.bypasses
    ? 'bypasses row-level security'
    : 'owns the tables, so row-level security does not bind it'
  throw new Error(
    `DATABASE_URL connects as ${role.name}, which ${reason}. Use the role backline_app, which the migrations create.`,
  )
}
