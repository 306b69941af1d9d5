import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Subject } from '@/conformance/target'
import { testDatabase } from '@/scripts/test/postgres'
import { createLog } from './log'
import { OracleReader } from './oracle/reader'
import { openBlobs } from './storage/blob'
import { CrashingBlobStore } from './storage/crashing-blobs'
import { testShapeServer } from './testing'
import type { TestShapeServer } from './testing'

const COMPACTS_SOON = { ELECTRIC_COMPACT_LOG_BYTES: '4000', ELECTRIC_SWEEP_INTERVAL: '10ms' }

/** Resolves when a condition holds; asks again as the event loop turns. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** A log in which a test can look for what happened. */
function eventLog() {
  const events: string[] = []
  return {
    log: createLog('info', (line) => events.push(line)),
    count: (event: string) => events.filter((line) => line.includes(`"${event}"`)).length,
  }
}

async function subjectOn(databaseUrl: string, server: TestShapeServer): Promise<Subject> {
  const options = { secret: null, longPollTimeoutMs: 20_000, chunkBytes: 10_485_760, deletesEnabled: false }
  return Promise.resolve(new Subject({ url: server.url, databaseUrl, ...options }))
}

/** A strict reader of a whole table `(id, v)`. */
function readerOf(server: TestShapeServer, table: string): OracleReader {
  const columns = [
    { name: 'id', type: 'int4' as const },
    { name: 'v', type: 'text' as const },
  ]
  const world = { name: table, key: ['id'], columns, shapes: [] }
  return new OracleReader(
    { table: world, where: null, params: [], columns: null, replica: 'default' },
    () => server.url,
  )
}

const contentsOf = (rows: [number, string][]) =>
  rows
    .map(([id, v]) =>
      JSON.stringify([
        ['id', String(id)],
        ['v', v],
      ]),
    )
    .sort()

/** Changes rows so often, in one transaction, that the log outgrows its snapshot; all end as `mark`. */
const outgrow = (subject: Subject, table: string, mark: string): Promise<void> =>
  subject.sql(`DO $$ BEGIN
    FOR i IN 1..40 LOOP UPDATE ${table} SET v = i || repeat('x', 200); END LOOP;
    UPDATE ${table} SET v = '${mark}';
  END $$`)

test('PG1 a log that outgrew its snapshot is replaced by a new snapshot for new readers; old handles go on at every offset', async () => {
  await using db = await testDatabase()
  const { log, count } = eventLog()
  await using server = await testShapeServer(db.superuserUrl, COMPACTS_SOON, undefined, log)
  await using subject = await subjectOn(db.superuserUrl, server)
  const table = await subject.table('id int PRIMARY KEY, v text')
  await subject.sql(`INSERT INTO ${table} VALUES (1, 'a'), (2, 'b')`)
  const follower = await subject.follow({ table })
  const returning = readerOf(server, table)
  await returning.catchUp()
  const places = [follower.offset]
  for (let i = 0; i < 4; i++) {
    await subject.sql(`INSERT INTO ${table} VALUES (${String(10 + i)}, 'n')`)
    await follower.live()
    places.push(follower.offset)
  }
  await outgrow(subject, table, 'later')
  await until(() => count('shape_renewed') === 1)
  const fresh = await subject.follow({ table })
  expect(fresh.handle).not.toBe(follower.handle)
  expect(fresh.rows.every((row) => row.value?.['v'] === 'later')).toBe(true)
  expect(fresh.rows).toHaveLength(6)
  // Whoever was away, at whatever offset, reads on under the handle it has.
  for (const offset of places) {
    const response = await subject.shape({ ...follower.next(), offset })
    expect([response.status, response.headers.get('electric-handle')]).toEqual([200, follower.handle])
  }
  await returning.catchUp()
  expect([returning.rotations, returning.rows.size]).toEqual([0, 6])
  // Both lives follow what is written from now on, also behind a restart.
  await server.restart()
  await subject.sql(`INSERT INTO ${table} VALUES (99, 'both')`)
  const again = readerOf(server, table)
  for (const reader of [returning, again]) {
    await until(async () => {
      await reader.catchUp()
      return reader.rows.has(`"public"."${table}"/"99"`)
    })
  }
  expect(returning.contents()).toEqual(again.contents())
  expect([returning.rotations, again.rotations]).toEqual([0, 0])
})

test('PG2 the second compaction ends the life before the last; who still had it begins anew', async () => {
  await using db = await testDatabase()
  const { log, count } = eventLog()
  await using server = await testShapeServer(db.superuserUrl, COMPACTS_SOON, undefined, log)
  await using subject = await subjectOn(db.superuserUrl, server)
  const table = await subject.table('id int PRIMARY KEY, v text')
  await subject.sql(`INSERT INTO ${table} VALUES (1, 'a'), (2, 'b')`)
  const first = readerOf(server, table)
  await first.catchUp()
  await outgrow(subject, table, 'one')
  await until(() => count('shape_renewed') === 1)
  await first.catchUp()
  const second = readerOf(server, table)
  await second.catchUp()
  await outgrow(subject, table, 'two')
  await until(() => count('shape_renewed') === 2)
  await first.catchUp()
  await second.catchUp()
  expect([first.rotations, second.rotations]).toEqual([1, 0])
  const expected = contentsOf([
    [1, 'two'],
    [2, 'two'],
  ])
  expect([first.contents(), second.contents()]).toEqual([expected, expected])
})

test('PG3 readers are served while the new snapshot cannot be taken, and a compaction that fails changes nothing', async () => {
  await using db = await testDatabase()
  const { log, count } = eventLog()
  await using server = await testShapeServer(db.superuserUrl, COMPACTS_SOON, undefined, log)
  await using subject = await subjectOn(db.superuserUrl, server)
  const table = await subject.table('id int PRIMARY KEY, v text')
  await subject.sql(`INSERT INTO ${table} VALUES (1, 'a')`)
  const follower = await subject.follow({ table })
  const other = await server.sql.connect()
  try {
    await other.query(`BEGIN; LOCK TABLE ${table}`)
    for (let i = 0; i < 40; i++) await other.query(`UPDATE ${table} SET v = '${String(i)}${'x'.repeat(200)}'`)
    // Locked again before anybody hears of what made the log long: the new snapshot has to wait.
    await other.query(`COMMIT; BEGIN; LOCK TABLE ${table}`)
    const waits = `SELECT 1 FROM pg_locks WHERE relation = '${table}'::regclass AND NOT granted`
    await until(async () => (await server.sql.query(waits)).rows.length > 0)
    expect((await subject.follow({ table })).handle).toBe(follower.handle)
    expect((await subject.shape(follower.next())).status).toBe(200)
    await server.sql.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = '${table}'::regclass AND NOT granted`,
    )
    await until(() => count('shape_failed') === 1)
    await other.query('COMMIT')
  } finally {
    other.release()
  }
  const after = await subject.follow({ table })
  expect(after.handle).toBe(follower.handle)
  expect((await follower.live()).messages.length).toBe(41)
})

test(
  'PG4 killed at any write of a compaction, with that write torn, every reader goes on and every fresh one is right',
  { timeout: 300_000 },
  async () => {
    await using db = await testDatabase()
    const { log, count } = eventLog()
    let store = new CrashingBlobStore(openBlobs({ kind: 'memory' }))
    const openStore = (storage: Parameters<typeof openBlobs>[0]) => (store = new CrashingBlobStore(openBlobs(storage)))
    const env = { ...COMPACTS_SOON, ELECTRIC_ENABLE_INTEGRATION_TESTING: 'true' }
    await using server = await testShapeServer(db.superuserUrl, env, openStore, log)
    await using subject = await subjectOn(db.superuserUrl, server)
    const erase = (table: string) =>
      fetch(`${server.url}/v1/shape?${new URLSearchParams({ table }).toString()}`, { method: 'DELETE' })
    let deaths = 0
    for (let write = 1; ; write++) {
      const table = await subject.table('id int PRIMARY KEY, v text')
      await subject.sql(`INSERT INTO ${table} VALUES (1, 'a'), (2, 'b')`)
      const returning = readerOf(server, table)
      const before = count('shape_settled')
      await returning.catchUp()
      await until(() => count('shape_settled') > before)
      const renewals = count('shape_renewed')
      const settled = count('shape_settled')
      store.fatalStep = store.steps + write
      await outgrow(subject, table, 'kept')
      await until(() => store.isDead || (count('shape_renewed') > renewals && count('shape_settled') > settled))
      const hasDied = store.isDead
      await server.restart()
      await subject.sql(`INSERT INTO ${table} VALUES (3, 'after')`)
      const fresh = readerOf(server, table)
      const expected = contentsOf([
        [1, 'kept'],
        [2, 'kept'],
        [3, 'after'],
      ])
      for (const reader of [returning, fresh]) {
        await until(async () => {
          await reader.catchUp()
          return reader.rows.size === 3
        })
        expect(reader.contents(), `write ${String(write)}`).toEqual(expected)
        expect(reader.rotations, `write ${String(write)}`).toBe(0)
      }
      expect((await erase(table)).status).toBe(202)
      if (!hasDied) break
      deaths++
    }
    // Rows, their end, the record and the settlement at the least.
    expect(deaths).toBeGreaterThanOrEqual(4)
  },
)

test('PG5 beyond the storage budget the least recently used shapes go, their bytes too, and readers of them begin anew', async () => {
  await using db = await testDatabase()
  const dir = await mkdtemp(join(tmpdir(), 'shape-budget-'))
  const budget = 150_000
  try {
    await using server = await testShapeServer(db.superuserUrl, {
      ELECTRIC_STORAGE_DIR: dir,
      ELECTRIC_MAX_STORAGE_BYTES: String(budget),
      ELECTRIC_SWEEP_INTERVAL: '10ms',
    })
    await using subject = await subjectOn(db.superuserUrl, server)
    const table = await subject.table('id int PRIMARY KEY, n int, v text')
    await subject.sql(`INSERT INTO ${table} SELECT i, i % 5, repeat('x', 1000) FROM generate_series(0, 249) i`)
    const followers = []
    for (let n = 0; n < 5; n++) followers.push(await subject.follow({ table, where: `n = ${String(n)}` }))
    await until(async () => (await bytesUnder(join(dir, 'shapes'))) <= budget)
    const [oldest, , , , newest] = followers
    expect((await subject.shape(oldest?.next() ?? {})).status).toBe(409)
    expect((await subject.shape(newest?.next() ?? {})).status).toBe(200)
    expect((await subject.follow({ table, where: 'n = 0' })).rows).toHaveLength(50)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

test('PG6 a log damaged below what Postgres was told to forget ends its shape; it is never read on with a gap', async () => {
  await using db = await testDatabase()
  const { log, count } = eventLog()
  const dir = await mkdtemp(join(tmpdir(), 'shape-damage-'))
  try {
    const env = { ELECTRIC_STORAGE_DIR: dir, ELECTRIC_REPLICATION_STREAM_ID: db.streamId }
    await using server = await testShapeServer(db.superuserUrl, env, undefined, log)
    await using subject = await subjectOn(db.superuserUrl, server)
    const table = await subject.table('id int PRIMARY KEY, v text')
    const reader = readerOf(server, table)
    await reader.catchUp()
    for (let id = 1; id <= 3; id++) await subject.sql(`INSERT INTO ${table} VALUES (${String(id)}, 'a')`)
    await until(async () => {
      await reader.catchUp()
      return reader.rows.size === 3
    })
    await server.stop()
    // What the server has told Postgres at its end, or was about to.
    const acknowledged = [...readFileSync(join(dir, 'journal'), 'utf8').matchAll(/"lsn":"(\d+)"/g)].at(-1)?.[1]
    const slot = `electric_slot_${db.streamId}`
    await until(async () => {
      const slots = `SELECT 1 FROM pg_replication_slots WHERE slot_name = '${slot}' AND active`
      return (await server.sql.query(slots)).rows.length === 0
    })
    await server.sql.query(`SELECT pg_replication_slot_advance($1, '0/0'::pg_lsn + $2::numeric)`, [slot, acknowledged])
    flipByteOfLogs(dir)
    await server.restart()
    expect(count('shape_damaged')).toBe(1)
    await reader.catchUp()
    expect([reader.rotations, reader.rows.size]).toEqual([1, 3])
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

/** One wrong byte in the middle of every log. */
function flipByteOfLogs(dir: string): void {
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.log')) continue
    const bytes = readFileSync(join(dir, name))
    const middle = bytes.length >> 1
    bytes[middle] = (bytes[middle] ?? 0) ^ 1
    writeFileSync(join(dir, name), bytes)
  }
}

async function bytesUnder(dir: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(dir, { withFileTypes: true }).catch(() => [])) {
    const path = join(dir, entry.name)
    bytes += entry.isDirectory()
      ? await bytesUnder(path)
      : await stat(path).then(
          (found) => found.size,
          () => 0,
        )
  }
  return bytes
}
