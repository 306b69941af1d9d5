import pg from 'pg'
import { benchPostgres, peerEngine, residentBytes, startOurs } from './shape-server/engine'
import type { Engine } from './shape-server/engine'
import { fanOut, fanOutLimit } from './shape-server/fan-out'
import { startLimit } from './shape-server/limit'
import type { Limit } from './shape-server/limit'
import { manyShapes, manyShapesLimit } from './shape-server/many-shapes'
import { LIMIT, OURS, printTable, quantile, REAL } from './shape-server/numbers'
import type { Measurement } from './shape-server/measurement'
import { readBenchSettings } from './shape-server/settings'
import type { BenchSettings } from './shape-server/settings'
import { createWideTable, snapshot, snapshotLimit } from './shape-server/snapshot'
import { restart } from './shape-server/stored-shapes'
import { catchUp, catchUpLimit, createWriter, throughput, throughputLimit } from './shape-server/throughput'

/** What a measure is taken with. */
interface Bench {
  settings: BenchSettings
  databaseUrl: string
  sql: pg.Pool
}

interface Measure {
  name: string
  of: (engine: Engine, bench: Bench) => Promise<Measurement[]>
  /** The same without protocol, storage or filters. */
  limit: (limit: Limit, bench: Bench) => Promise<Measurement[]>
}

/** Those of one group are taken with one server, one after another. */
const GROUPS: Measure[][] = [
  [
    {
      name: 'latency',
      of: (engine, { sql }) => fanOut(engine, sql, 1, 'long poll'),
      limit: (limit, { sql }) => fanOutLimit(limit, sql, 1, 'long poll'),
    },
    {
      name: 'poll',
      of: (engine, { sql }) => fanOut(engine, sql, 1000, 'long poll'),
      limit: (limit, { sql }) => fanOutLimit(limit, sql, 1000, 'long poll'),
    },
    {
      name: 'events',
      of: (engine, { sql }) => fanOut(engine, sql, 1000, 'events'),
      limit: (limit, { sql }) => fanOutLimit(limit, sql, 1000, 'events'),
    },
    {
      name: 'throughput',
      of: (engine, { sql }) => throughput(engine, sql),
      limit: (limit, { sql }) => throughputLimit(limit, sql),
    },
    {
      name: 'catch-up',
      of: (engine, { sql }) => catchUp(engine, sql),
      limit: (limit, { sql }) => catchUpLimit(limit, sql),
    },
  ],
  [
    {
      name: 'shapes',
      of: (engine, { sql }) => manyShapes(engine, sql),
      limit: (limit, { sql }) => manyShapesLimit(limit, sql),
    },
  ],
  [
    {
      name: 'snapshot',
      of: (engine, { settings }) => snapshot(engine, settings.snapshotRows),
      limit: (limit, { settings }) => snapshotLimit(limit, settings.snapshotRows),
    },
  ],
]

/**
 * Measures the shape server beside a bare pgoutput-to-WebSocket fan-out and, when BENCH_ELECTRIC_URL and BENCH_DATABASE_URL name one, beside
 * another sync service, all in one run on one database. `BENCH_ONLY=start,latency,poll,events,throughput,catch-up,shapes,snapshot,restart`
 * picks measures. The exit code is 1 where a figure misses what it must be.
 */
export default async function run(): Promise<void> {
  const settings = readBenchSettings(process.env)
  await using own = settings.peer ? null : await benchPostgres()
  const databaseUrl = own?.url ?? settings.peer?.databaseUrl ?? ''
  const sql = new pg.Pool({ connectionString: databaseUrl, max: 8 })
  const bench = { settings, databaseUrl, sql }
  try {
    await createTables(bench)
    const columns = new Map([[OURS, await measureOurs(bench)]])
    if (settings.peer) columns.set(REAL, await measure(peerEngine(settings.peer), GROUPS.flat(), bench))
    columns.set(LIMIT, await measureLimit(bench))
    if (printTable(columns) > 0) process.exitCode = 1
  } finally {
    await dropSlots(sql)
    await sql.end()
  }
}

async function createTables({ sql, settings }: Bench): Promise<void> {
  await sql.query(
    'DROP TABLE IF EXISTS bench_events, bench_keyed, bench_wide; CREATE TABLE bench_events (id bigint PRIMARY KEY, v text); CREATE TABLE bench_keyed (id bigint PRIMARY KEY, k int, v text)',
  )
  await createWriter(sql)
  await createWideTable(sql, isWanted(settings, 'snapshot') ? settings.snapshotRows : 0)
}

async function measureOurs(bench: Bench): Promise<Measurement[]> {
  const { settings, databaseUrl } = bench
  const found: Measurement[] = []
  const starts: { startMs: number; bytes: number }[] = []
  const groups = GROUPS.filter((group) => group.some(({ name }) => isWanted(settings, name)))
  if (isWanted(settings, 'start')) groups.unshift([], [], [])
  for (const group of groups) {
    await using engine = await startOurs(databaseUrl, settings)
    starts.push({ startMs: engine.startMs ?? 0, bytes: residentBytes(engine.pid) })
    found.push(...(await measure(engine, group, bench)))
  }
  if (isWanted(settings, 'restart')) {
    process.stderr.write('measuring restart …\n')
    found.push(...(await restart(databaseUrl, settings.storedShapes, settings)))
  }
  const median = (values: number[]) => quantile(values, 0.5)
  return [
    { what: 'start to active', unit: 'ms', value: median(starts.map(({ startMs }) => startMs)) },
    { what: 'idle memory', unit: 'MB', value: median(starts.map(({ bytes }) => bytes)) / 1e6 },
    ...found,
  ]
}

async function measure(engine: Engine, measures: Measure[], bench: Bench): Promise<Measurement[]> {
  const found: Measurement[] = []
  for (const { name, of } of measures) {
    if (!isWanted(bench.settings, name)) continue
    process.stderr.write(`measuring ${name} …\n`)
    found.push(...(await of(engine, bench)))
  }
  return found
}

async function measureLimit(bench: Bench): Promise<Measurement[]> {
  const found: Measurement[] = []
  const groups = GROUPS.map((group) => group.filter(({ name }) => isWanted(bench.settings, name)))
  for (const group of groups.filter((wanted, i) => i === 0 || wanted.length > 0)) {
    await using limit = await startLimit(bench.databaseUrl)
    if (found.length === 0) {
      found.push({ what: 'start to active', unit: 'ms', value: limit.startMs })
      found.push({ what: 'idle memory', unit: 'MB', value: residentBytes(limit.pid) / 1e6 })
    }
    for (const { name, limit: of } of group) {
      process.stderr.write(`measuring the limit of ${name} …\n`)
      found.push(...(await of(limit, bench)))
    }
  }
  return found
}

function isWanted({ only }: BenchSettings, name: string): boolean {
  return only === null || only.has(name)
}

/** The database may be somebody's own: nothing may keep its WAL. */
async function dropSlots(sql: pg.Pool): Promise<void> {
  await sql.query(
    `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'electric\\_slot\\_bench\\_%' AND active_pid IS NULL`,
  )
  const found = await sql.query<{ name: string }>(
    `SELECT pubname AS name FROM pg_publication WHERE pubname LIKE 'electric\\_publication\\_bench\\_%' OR pubname LIKE 'bench\\_limit\\_%'`,
  )
  for (const { name } of found.rows) await sql.query(`DROP PUBLICATION IF EXISTS "${name}"`)
}
