import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { readConfig } from './config'
import { createLog } from './log'
import type { Log } from './log'
import { startShapeServer } from './server'
import type { ShapeServer } from './server'
import type { OpenStore } from './service'

/** A shape server of a test's own, on its own slot, with what a test does to it. */
export interface TestShapeServer extends AsyncDisposable {
  url: string
  sql: pg.Pool
  /** Asks /v1/shape with these parameters. */
  shape(params: Record<string, string>, init?: RequestInit): Promise<Response>
  /** Stops the server and starts it again on what it stored. */
  restart(env?: Record<string, string>): Promise<void>
  stop(): Promise<void>
}

let count = 0

/** Starts a shape server on a database; slot and storage go away with it. */
export async function testShapeServer(
  databaseUrl: string,
  env: Record<string, string> = {},
  openStore?: OpenStore,
  log: Log = createLog('error', (line) => process.stderr.write(line)),
): Promise<TestShapeServer> {
  const streamId =
    env['ELECTRIC_REPLICATION_STREAM_ID'] ?? `t${String(process.pid)}_${String(Date.now() % 1e9)}_${String(count++)}`
  const storageDir = await mkdtemp(join(tmpdir(), 'shape-server-'))
  const sql = new pg.Pool({ connectionString: databaseUrl, max: 8 })
  sql.on('error', () => undefined)
  const settings = {
    DATABASE_URL: databaseUrl,
    ELECTRIC_PORT: '0',
    ELECTRIC_INSECURE: 'true',
    ELECTRIC_STORAGE_DIR: storageDir,
    ELECTRIC_REPLICATION_STREAM_ID: streamId,
    ELECTRIC_LOG_LEVEL: 'error',
    ...env,
  }
  let server: ShapeServer = await startShapeServer(readConfig(settings), log, openStore)
  return {
    get url() {
      return server.url
    },
    sql,
    shape: (params, init) => fetch(`${server.url}/v1/shape?${new URLSearchParams(params).toString()}`, init),
    stop: () => server.stop(),
    async restart(more = {}) {
      await server.stop()
      server = await startShapeServer(readConfig({ ...settings, ...more }), log, openStore)
    },
    async [Symbol.asyncDispose]() {
      await server.stop()
      await dropSlot(sql, `electric_slot_${streamId}`)
      await sql.query(`DROP PUBLICATION IF EXISTS "electric_publication_${streamId}"`)
      await sql.end()
      await rm(storageDir, { recursive: true, force: true })
    },
  }
}

/** Drops a slot once its walsender is gone. */
export async function dropSlot(sql: pg.Pool, slot: string): Promise<void> {
  await sql.query(
    `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL`,
    [slot],
  )
  for (let attempt = 0; attempt < 100; attempt++) {
    const dropped = await sql
      .query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [slot])
      .then(() => true)
      .catch(() => false)
    if (dropped) return
    await sql.query('SELECT pg_sleep(0.02)')
  }
}
