import pg from 'pg'
import { benchPostgres, givenEngine, residentBytes, startOurs } from './shape-server/engine'
import type { Engine } from './shape-server/engine'
import { startLimit } from './shape-server/limit'
import {
  catchUp,
  createWriter,
  fanOut,
  fanOutLimit,
  manyShapes,
  snapshot,
  snapshotLimit,
  throughput,
} from './shape-server/measures'
import { printTable } from './shape-server/numbers'
import type { Measurement } from './shape-server/numbers'

const SNAPSHOT_ROWS = Number(process.env['BENCH_SNAPSHOT_ROWS'] ?? 1_000_000)

/**
 * Measures the shape server beside a bare pgoutput-to-socket fan-out and, when ELECTRIC_URL and DATABASE_URL are given, beside that server,
 * all in one run on one database. `BENCH_ONLY=latency,snapshot` picks measures.
 */
export default async function run(): Promise<void> {
  const given = givenEngine()
  await using own = given ? null : await benchPostgres()
  const databaseUrl = own?.url ?? process.env['DATABASE_URL'] ?? ''
  const sql = new pg.Pool({ connectionString: databaseUrl, max: 8 })
  const columns = new Map<string, Measurement[]>()
  try {
    await sql.query(
      'DROP TABLE IF EXISTS bench_events, bench_keyed, bench_wide; CREATE TABLE bench_events (id bigint PRIMARY KEY, v text); CREATE TABLE bench_keyed (id bigint PRIMARY KEY, k int, v text)',
    )
    await createWriter(sql, 'bench_events')
    if (wants('snapshot')) {
      await sql.query(`CREATE TABLE bench_wide (id bigint PRIMARY KEY, a text, b text, n int, at timestamptz);
        INSERT INTO bench_wide SELECT i, repeat('a', 70), repeat('b', 70), i % 1000, now() FROM generate_series(1, ${String(SNAPSHOT_ROWS)}) i; ANALYZE bench_wide`)
    }
    for (const engine of [null, given]) {
      await using measured = engine ?? (await startOurs(databaseUrl))
      columns.set(measured.name, await measureAll(measured, sql))
      if (engine === null && !given) break
    }
    columns.set('limit', await measureLimit(databaseUrl, sql))
    printTable(columns)
  } finally {
    await sql.end()
  }
}

function wants(measure: string): boolean {
  const only = process.env['BENCH_ONLY']
  const isWanted = !only || only.split(',').includes(measure)
  if (isWanted) process.stderr.write(`measuring ${measure} …\n`)
  return isWanted
}

async function measureAll(engine: Engine, sql: pg.Pool): Promise<Measurement[]> {
  const found: Measurement[] = []
  if (engine.startMs !== null) {
    found.push({ what: 'start to active', unit: 'ms', value: engine.startMs })
    found.push({ what: 'idle memory', unit: 'MB', value: residentBytes(engine.pid) / 1e6 })
  }
  if (wants('latency')) found.push(...(await fanOut(engine, sql, 'bench_events', 1, 'long poll')))
  if (wants('poll')) found.push(...(await fanOut(engine, sql, 'bench_events', 1000, 'long poll')))
  if (wants('events')) found.push(...(await fanOut(engine, sql, 'bench_events', 1000, 'events')))
  if (wants('throughput')) found.push(...(await throughput(engine, sql, 'bench_events', 20_000)))
  if (wants('catch-up')) found.push(...(await catchUp(engine, sql, 'bench_events', 10_000)))
  if (wants('shapes')) found.push(...(await manyShapes(engine, sql, 'bench_keyed', 1000)))
  if (wants('snapshot')) found.push(...(await snapshot(engine, 'bench_wide', SNAPSHOT_ROWS)))
  return found
}

async function measureLimit(databaseUrl: string, sql: pg.Pool): Promise<Measurement[]> {
  const found: Measurement[] = []
  await using limit = await startLimit(databaseUrl, 'bench_events')
  if (wants('latency')) found.push(...(await fanOutLimit(limit, sql, 'bench_events', 1)))
  if (wants('poll') || wants('events')) found.push(...(await fanOutLimit(limit, sql, 'bench_events', 1000)))
  if (wants('snapshot')) found.push(...(await snapshotLimit(databaseUrl, 'bench_wide', SNAPSHOT_ROWS)))
  return found
}
