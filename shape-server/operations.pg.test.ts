import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Subject } from '@/conformance/target'
import { freePort } from '@/scripts/process/free-port'
import { testDatabase } from '@/scripts/test/postgres'
import { testSyncService } from '@/scripts/test/sync-service'
import { readConfig } from './config'
import { createLog } from './log'
import { ensureWalFlushed } from './postgres/wal-flush'
import { startShapeServer } from './server'
import { parsePgLsn } from './shapes/lsn'
import { dropSlot, testShapeServer } from './testing'

const subjectAt = (url: string, databaseUrl: string, secret: string | null = null) =>
  new Subject({ url, databaseUrl, secret, longPollTimeoutMs: 20_000, chunkBytes: 10_485_760, deletesEnabled: false })

/** Resolves when a condition holds; asks again as the event loop turns. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** All samples of `/metrics` by name and labels; refuses text that is not Prometheus's. */
async function scrape(port: number): Promise<Map<string, number>> {
  const response = await fetch(`http://127.0.0.1:${String(port)}/metrics`)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4')
  const samples = new Map<string, number>()
  const typed = new Set<string>()
  for (const line of (await response.text()).trimEnd().split('\n')) {
    const comment = /^# (?:HELP (\w+) \S.*|TYPE (\w+) (?:gauge|counter|histogram))$/.exec(line)
    if (comment) {
      if (comment[2] !== undefined) typed.add(comment[2])
      continue
    }
    const sample = /^((\w+?)(?:_bucket|_sum|_count)?(?:\{\w+="[^"]*"\})?) (-?[\d.e+-]+)$/.exec(line)
    expect(sample, line).not.toBeNull()
    expect(typed.has(sample?.[2] ?? '') || typed.has(/^\w+/.exec(line)?.[0] ?? ''), line).toBe(true)
    samples.set(sample?.[1] ?? '', Number(sample?.[3]))
  }
  return samples
}

test('PM1 metrics tell shapes, clients, bytes, lag, retained WAL and latencies, and follow what happens', async () => {
  await using db = await testDatabase()
  const port = await freePort()
  await using server = await testShapeServer(db.superuserUrl, { ELECTRIC_PROMETHEUS_PORT: String(port) })
  await using subject = subjectAt(server.url, db.superuserUrl)
  const before = await scrape(port)
  expect(before.get('electric_shapes{state="current"}')).toBe(0)
  const table = await subject.table('id int PRIMARY KEY, v text')
  await subject.sql(`INSERT INTO ${table} VALUES (1, '${'x'.repeat(1000)}')`)
  const reader = await subject.follow({ table })
  const stop = new AbortController()
  const held = subject.shape(reader.next({ live: 'true' }), { signal: stop.signal }).catch(() => null)
  await until(async () => (await scrape(port)).get('electric_clients_waiting') === 1)
  const waiting = await scrape(port)
  expect(waiting.get('electric_requests_open')).toBe(1)
  expect(waiting.get('electric_shapes{state="current"}')).toBe(1)
  expect(waiting.get('electric_snapshot_bytes')).toBeGreaterThan(1000)
  expect(waiting.get('electric_requests_total{status="200"}')).toBe(2)
  expect(waiting.get('electric_request_duration_milliseconds_count')).toBe(2)
  expect(waiting.get('electric_request_duration_milliseconds_bucket{le="+Inf"}')).toBe(2)
  await subject.sql(`UPDATE ${table} SET v = 'y'`)
  await held
  await until(async () => (await scrape(port)).get('electric_replication_lag_bytes') === 0)
  const after = await scrape(port)
  const grew = (name: string) => (after.get(name) ?? 0) - (waiting.get(name) ?? 0)
  expect(grew('electric_replication_transactions_total')).toBeGreaterThanOrEqual(1)
  expect(grew('electric_replication_changes_total')).toBe(1)
  expect(grew('electric_replication_delay_milliseconds_count')).toBe(grew('electric_replication_transactions_total'))
  expect(grew('electric_log_bytes')).toBeGreaterThan(100)
  expect(after.get('electric_wal_retained_bytes')).toBeGreaterThan(0)
  expect(after.get('electric_replication_active')).toBe(1)
  expect(after.get('electric_storage_failing')).toBe(0)
  for (const name of [
    'memory_rss_bytes',
    'compactions_total',
    'evictions_total',
    'replication_delay_milliseconds_sum',
  ]) {
    expect(after.has(`electric_${name}`), name).toBe(true)
  }
})

test('PM2 without changes and requests for the idle timeout the database is left alone; the next request brings what was written', async () => {
  await using db = await testDatabase()
  const slot = `electric_slot_${db.streamId}`
  const dir = await mkdtemp(join(tmpdir(), 'shape-idle-'))
  const settings = readConfig({
    DATABASE_URL: db.superuserUrl,
    ELECTRIC_PORT: '0',
    ELECTRIC_INSECURE: 'true',
    ELECTRIC_STORAGE_DIR: dir,
    ELECTRIC_REPLICATION_STREAM_ID: db.streamId,
    ELECTRIC_REPLICATION_IDLE_TIMEOUT: '30s',
  })
  expect(settings.replicationIdleMs).toBe(30_000)
  // Thirty seconds are the least one can ask for; nobody wants to wait for them here.
  const server = await startShapeServer({ ...settings, replicationIdleMs: 200 }, createLog('error'))
  try {
    await using subject = subjectAt(server.url, db.superuserUrl)
    const isFollowed = async () => {
      const rows = await subject.rows<{ active: boolean }>(
        `SELECT active FROM pg_replication_slots WHERE slot_name = '${slot}'`,
      )
      return rows[0]?.active === true
    }
    const table = await subject.table('id int PRIMARY KEY')
    const reader = await subject.follow({ table })
    await until(async () => !(await isFollowed()))
    const health = await fetch(`${server.url}/v1/health`)
    expect([health.status, await health.json()]).toEqual([200, { status: 'active' }])
    await subject.sql(`INSERT INTO ${table} VALUES (1)`)
    expect(await isFollowed()).toBe(false)
    const { messages } = await reader.live()
    expect(messages[0]?.value).toEqual({ id: '1' })
    expect(await isFollowed()).toBe(true)
    expect((await subject.follow({ table })).handle).toBe(reader.handle)
  } finally {
    await server.stop()
    await using subject = subjectAt('', db.superuserUrl)
    await dropSlot(subject.pool, slot)
    await rm(dir, { recursive: true, force: true })
  }
})

test.each([
  ['ELECTRIC_REPLICATION_IDLE_TIMEOUT', '29s'],
  ['ELECTRIC_REPLICATION_IDLE_TIMEOUT', 'soon'],
  ['ELECTRIC_COMPACT_LOG_BYTES', '-1'],
  ['ELECTRIC_DATABASE_USE_IPV6', 'maybe'],
  ['ELECTRIC_MAX_STORAGE_BYTES', '0'],
])('a setting that cannot be used is refused by name: %s=%s', (name, value) => {
  const env = { DATABASE_URL: 'postgresql://user@host/db', ELECTRIC_INSECURE: 'true', [name]: value }
  expect(() => readConfig(env)).toThrow(name)
})

const IDLE_CONNECTIONS = 10_000
const openFilesMax = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim())

// Skipped where the system does not allow one process as many open files as that.
test.skipIf(openFilesMax < IDLE_CONNECTIONS + 500)(
  'PB9 ten thousand idle connections cost bounded memory, and everybody else is served',
  { timeout: 300_000 },
  async () => {
    await using db = await testDatabase()
    const port = await freePort()
    await using service = await testSyncService(db, {
      DATABASE_URL: db.superuserUrl,
      ELECTRIC_MANUAL_TABLE_PUBLISHING: 'false',
      ELECTRIC_PROMETHEUS_PORT: String(port),
    })
    await using subject = subjectAt(service.url, db.superuserUrl, service.secret)
    const table = await subject.table('id int PRIMARY KEY')
    const reader = await subject.follow({ table })
    const before = (await scrape(port)).get('electric_memory_rss_bytes') ?? 0
    const sockets: net.Socket[] = []
    try {
      const target = Number(new URL(service.url).port)
      while (sockets.length < IDLE_CONNECTIONS) {
        const some = Array.from({ length: 250 }, () => net.connect(target, '127.0.0.1'))
        sockets.push(...some)
        await Promise.all(some.map((socket) => once(socket, 'connect')))
        // Half of them have asked once, as browsers that keep a connection have.
        await Promise.all(
          some.slice(125).map((socket) => {
            socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            return once(socket, 'data')
          }),
        )
      }
      await subject.sql(`INSERT INTO ${table} VALUES (1)`)
      expect((await reader.live()).messages[0]?.value).toEqual({ id: '1' })
      expect((await subject.follow({ table, where: 'id = 1' })).rows).toHaveLength(1)
      const growth = ((await scrape(port)).get('electric_memory_rss_bytes') ?? 0) - before
      expect(growth / IDLE_CONNECTIONS).toBeLessThan(40_000)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  },
)

test('PM3 the WAL that a snapshot has seen is on disk before its shape is on record', async () => {
  await using db = await testDatabase()
  await using subject = subjectAt('', db.superuserUrl)
  const client = await subject.pool.connect()
  try {
    await client.query('CREATE TABLE t (id int); SET synchronous_commit = off')
    // Committed, and nobody has waited for the disk.
    await client.query('INSERT INTO t VALUES (1)')
    const seen = await client.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn')
    const lsn = seen.rows[0]?.lsn ?? ''
    await ensureWalFlushed(client, parsePgLsn(lsn))
    const after = await client.query<{ flushed: boolean }>(
      'SELECT pg_current_wal_flush_lsn() >= $1::pg_lsn AS flushed',
      [lsn],
    )
    expect(after.rows).toEqual([{ flushed: true }])
  } finally {
    client.release()
  }
})
