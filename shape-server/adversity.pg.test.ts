import net from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { testDatabase } from '@/scripts/test/postgres'
import { Subject } from '@/conformance/target'
import { createLog } from './log'
import { openBlobs } from './storage/blob'
import type { Blob } from './storage/blob'
import { testShapeServer } from './testing'
import type { TestShapeServer } from './testing'

const subjectOf = (server: TestShapeServer, databaseUrl: string) =>
  new Subject({
    url: server.url,
    databaseUrl,
    secret: null,
    longPollTimeoutMs: 20_000,
    chunkBytes: 10_485_760,
    deletesEnabled: false,
  })

/** Resolves when a condition holds; asks again as the event loop turns. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}

async function metric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text()
  return Number(new RegExp(`^electric_${name} (\\d+)$`, 'm').exec(text)?.[1])
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}

test('PB1 a reader that takes nothing is cut, and costs nobody anything meanwhile', async () => {
  await using db = await testDatabase()
  const port = await freePort()
  await using server = await testShapeServer(db.superuserUrl, {
    ELECTRIC_TCP_SEND_TIMEOUT: '500ms',
    ELECTRIC_PROMETHEUS_PORT: String(port),
  })
  await using subject = subjectOf(server, db.superuserUrl)
  const table = await subject.table('id int PRIMARY KEY, filler text')
  await subject.sql(`INSERT INTO ${table} SELECT i, repeat('x', 10000) FROM generate_series(1, 2000) i`)
  const before = process.memoryUsage.rss()
  const stuck = net.connect(Number(new URL(server.url).port), '127.0.0.1')
  stuck.pause()
  await once(stuck, 'connect')
  stuck.write(`GET /v1/shape?table=${table}&offset=-1 HTTP/1.1\r\nHost: x\r\n\r\n`)
  const reader = await subject.follow({ table })
  expect(reader.rows).toHaveLength(2000)
  await subject.sql(`INSERT INTO ${table} VALUES (0, 'live')`)
  expect((await reader.live()).messages[0]?.value?.['id']).toBe('0')
  stuck.on('error', () => undefined)
  await until(async () => (await metric(port, 'requests_open')) === 0)
  // Reading on gives the rest of the buffers, and then the end.
  const closed = once(stuck, 'close')
  stuck.resume()
  await closed
  expect(stuck.bytesRead).toBeLessThan(19_000_000)
  expect(process.memoryUsage.rss() - before).toBeLessThan(400_000_000)
})

test('PB2 clients that go away leave nothing behind', async () => {
  await using db = await testDatabase()
  const port = await freePort()
  await using server = await testShapeServer(db.superuserUrl, { ELECTRIC_PROMETHEUS_PORT: String(port) })
  await using subject = subjectOf(server, db.superuserUrl)
  const table = await subject.table('id int PRIMARY KEY')
  const reader = await subject.follow({ table })
  const stop = new AbortController()
  const polls = Array.from({ length: 200 }, () =>
    subject.shape(reader.next({ live: 'true' }), { signal: stop.signal }).catch(() => null),
  )
  await until(async () => (await metric(port, 'clients_waiting')) === 200)
  stop.abort()
  await Promise.all(polls)
  await until(async () => (await metric(port, 'clients_waiting')) === 0)
})

test('PB2 requests that wait behind another one on their connection are freed when it closes', async () => {
  await using db = await testDatabase()
  const port = await freePort()
  await using server = await testShapeServer(db.superuserUrl, { ELECTRIC_PROMETHEUS_PORT: String(port) })
  await using subject = subjectOf(server, db.superuserUrl)
  const table = await subject.table('id int PRIMARY KEY')
  const reader = await subject.follow({ table })
  const query = new URLSearchParams(reader.next({ live: 'true' })).toString()
  const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(`GET /v1/shape?${query} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(3))
  await until(async () => (await metric(port, 'clients_waiting')) === 3)
  socket.destroy()
  await until(async () => (await metric(port, 'requests_open')) === 0)
  expect(await metric(port, 'clients_waiting')).toBe(0)
})

test('PB3 more requests at once than allowed answer 503 with retry-after', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl, {
    ELECTRIC_MAX_CONCURRENT_REQUESTS: '{"initial":5,"existing":1}',
  })
  await using subject = subjectOf(server, db.superuserUrl)
  const table = await subject.table('id int PRIMARY KEY')
  const reader = await subject.follow({ table })
  const stop = new AbortController()
  const held = subject.shape(reader.next({ live: 'true' }), { signal: stop.signal }).catch(() => null)
  let refused: Response
  do refused = await subject.shape(reader.next())
  while (refused.status === 200)
  expect(refused.status).toBe(503)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(6)
  expect(await refused.json()).toMatchObject({ code: 'concurrent_request_limit_exceeded' })
  stop.abort()
  await held
})

test('PB4 a table without privileges, or outside a manual publication, answers 503 with the reason', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await server.sql.query(
    `CREATE TABLE secret_rows (id int PRIMARY KEY); CREATE ROLE reader_${db.name} LOGIN REPLICATION PASSWORD 'x'`,
  )
  const url = new URL(db.superuserUrl)
  url.username = `reader_${db.name}`
  url.password = 'x'
  try {
    await server.sql.query(
      `CREATE PUBLICATION electric_publication_m_${db.name} FOR TABLE secret_rows; ALTER TABLE secret_rows REPLICA IDENTITY FULL; CREATE TABLE unlisted (id int PRIMARY KEY); GRANT SELECT ON unlisted TO reader_${db.name}`,
    )
    await using limited = await testShapeServer(db.superuserUrl, {
      DATABASE_URL: url.href,
      ELECTRIC_MANUAL_TABLE_PUBLISHING: 'true',
      ELECTRIC_REPLICATION_STREAM_ID: `m_${db.name}`,
    })
    const refused = await limited.shape({ table: 'secret_rows', offset: '-1' })
    expect(refused.status).toBe(503)
    expect(await refused.json()).toEqual({
      message: 'Unable to create initial snapshot: permission denied for table secret_rows',
    })
    const unlisted = await limited.shape({ table: 'unlisted', offset: '-1' })
    expect(unlisted.status).toBe(503)
    expect(JSON.stringify(await unlisted.json())).toContain('is missing from the publication')
  } finally {
    await server.sql.query(`DROP OWNED BY reader_${db.name}; DROP ROLE reader_${db.name}`)
  }
})

test('PB5 a dropped table ends its shapes; made anew, it is another table', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await using subject = subjectOf(server, db.superuserUrl)
  const table = await subject.table('id int PRIMARY KEY')
  await subject.sql(`INSERT INTO ${table} VALUES (1)`)
  const reader = await subject.follow({ table })
  await subject.sql(`DROP TABLE ${table}; CREATE TABLE ${table} (id int PRIMARY KEY, more text)`)
  await until(
    async () => (await subject.shape({ table, offset: '-1' })).headers.get('electric-handle') !== reader.handle,
  )
  expect((await subject.shape(reader.next())).status).toBe(409)
  const fresh = await subject.follow({ table })
  expect(fresh.rows).toHaveLength(0)
  await subject.sql(`DROP TABLE ${table}`)
  await until(async () => (await subject.shape({ table, offset: '-1' })).status === 400)
})

test('PB6 a full disk stops writes, health says so, and nothing is corrupted when there is room again', async () => {
  await using db = await testDatabase()
  const disk = { isFull: false }
  await using server = await testShapeServer(db.superuserUrl, {}, (config) => openBlobs(config, () => disk.isFull))
  await using subject = subjectOf(server, db.superuserUrl)
  const table = await subject.table('id int PRIMARY KEY, filler text')
  const reader = await subject.follow({ table })
  disk.isFull = true
  // More than may wait in memory, in transactions of their own.
  for (let i = 0; i < 20; i++)
    await subject.sql(
      `INSERT INTO ${table} SELECT ${String(i)} * 1000 + n, repeat('x', 10000) FROM generate_series(1, 100) n`,
    )
  await until(async () => (await fetch(`${server.url}/v1/health`)).status === 503)
  expect(await (await fetch(`${server.url}/v1/health`)).json()).toMatchObject({ status: 'storage_failing' })
  const other = await subject.table('id int PRIMARY KEY')
  await subject.sql(`INSERT INTO ${other} VALUES (1)`)
  expect((await subject.shape({ table: other, offset: '-1' })).status).not.toBe(200)
  disk.isFull = false
  await until(async () => (await fetch(`${server.url}/v1/health`)).status === 200)
  await reader.live()
  while (reader.rows.length < 2000) await reader.live()
  const fresh = await subject.follow({ table })
  expect(new Set(fresh.rows.map((row) => row.key)).size).toBe(2000)
  await server.restart()
  const after = await subjectOf(server, db.superuserUrl).follow({ table })
  expect(after.handle).toBe(reader.handle)
  expect(new Set(after.rows.map((row) => row.key)).size).toBe(2000)
})

test('PB10 a shape whose last note in the journal fails is served on, and outlives a restart', async () => {
  await using db = await testDatabase()
  const refused: string[] = []
  await using server = await testShapeServer(
    db.superuserUrl,
    {},
    (config) => {
      const store = openBlobs(config)
      const open = store.open.bind(store)
      store.open = (name) => (name === 'journal' ? refusing(open(name), '"settled"') : open(name))
      return store
    },
    createLog('warning', (line) => refused.push(line)),
  )
  await using subject = subjectOf(server, db.superuserUrl)
  const table = await subject.table('id int PRIMARY KEY')
  await subject.sql(`INSERT INTO ${table} VALUES (1)`)
  const reader = await subject.follow({ table })
  await until(() => Promise.resolve(refused.some((line) => line.includes('shape_not_settled'))))
  await subject.sql(`INSERT INTO ${table} VALUES (2)`)
  await reader.live()
  await server.restart()
  const after = await subjectOf(server, db.superuserUrl).follow({ table })
  expect(after.handle).toBe(reader.handle)
  expect(after.rows.map((row) => row.value?.['id'])).toEqual(['1', '2'])
})

/** A blob on a disk that has no room for lines with these words. */
function refusing(blob: Blob, words: string): Blob {
  const append = blob.append.bind(blob)
  blob.append = (parts) => {
    if (Buffer.concat(parts).includes(words)) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    append(parts)
  }
  return blob
}

test('PB7 a URL of a megabyte is refused, and the server lives', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(`GET /v1/shape?table=${'x'.repeat(1_000_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)
  let answer = ''
  socket.on('data', (piece: Buffer) => (answer += piece.toString('latin1')))
  // Not `once` of node:events: a connection reset under what nobody reads is an end like any other.
  await new Promise((resolve) => socket.once('close', resolve))
  expect(answer === '' || /^HTTP\/1\.1 4(14|31) /.test(answer)).toBe(true)
  expect((await fetch(`${server.url}/v1/health`)).status).toBe(200)
})

test('PB8 a stop cuts open polls within a second', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await using subject = subjectOf(server, db.superuserUrl)
  const table = await subject.table('id int PRIMARY KEY')
  const reader = await subject.follow({ table })
  const outcome = subject.shape(reader.next({ live: 'true' })).then(
    () => 'answered',
    () => 'cut',
  )
  await server.restart()
  expect(await outcome).toBe('cut')
})

test('PD3 a slot that is gone is made anew, and every shape begins anew', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl, { ELECTRIC_REPLICATION_STREAM_ID: db.streamId })
  await using subject = subjectOf(server, db.superuserUrl)
  const table = await subject.table('id int PRIMARY KEY')
  const reader = await subject.follow({ table })
  await subject.sql(`DO $$ BEGIN
    LOOP
      PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'electric_slot_${db.streamId}' AND active_pid IS NOT NULL;
      BEGIN
        PERFORM pg_drop_replication_slot('electric_slot_${db.streamId}');
        EXIT;
      EXCEPTION WHEN object_in_use THEN NULL; WHEN undefined_object THEN EXIT;
      END;
    END LOOP; END $$`)
  await until(async () => (await subject.shape(reader.next())).status === 409)
  await subject.sql(`INSERT INTO ${table} VALUES (1)`)
  await until(async () => (await subject.follow({ table })).rows.length === 1)
})

test('PD4 a second instance waits for the lock, and takes over when the first ends', async () => {
  await using db = await testDatabase()
  await using first = await testShapeServer(db.superuserUrl, { ELECTRIC_REPLICATION_STREAM_ID: db.streamId })
  const second = testShapeServer(db.superuserUrl, { ELECTRIC_REPLICATION_STREAM_ID: db.streamId })
  const early = await Promise.race([
    second,
    first.shape({ table: 'nothing', offset: '-1' }).then(() => 'first answers'),
  ])
  expect(early).toBe('first answers')
  await first.stop()
  await using taken = await second
  expect((await fetch(`${taken.url}/v1/health`)).status).toBe(200)
})
