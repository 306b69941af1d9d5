import net from 'node:net'
import pg from 'pg'
import { copyOut } from '@/shape-server/postgres/copy-out'
import type { Engine } from './engine'
import { cpuMs, residentBytes, shapePath } from './engine'
import type { Limit } from './limit'
import { latencies } from './numbers'
import type { Measurement } from './numbers'
import { WireClient } from './wire-client'

const EVENTS = 60
const WARM_UP = 20

interface Reader {
  client: WireClient
  params: Record<string, string>
}

/** A reader that has caught up. */
async function caughtUp(engine: Engine, params: Record<string, string>): Promise<Reader> {
  const client = await WireClient.connect(engine.url)
  let next: Record<string, string> = { ...params, offset: '-1' }
  for (;;) {
    const response = await client.get(shapePath(engine, next))
    if (response.status !== 200) throw new Error(`${String(response.status)} ${response.body.toString()}`)
    next = {
      ...params,
      offset: response.headers.get('electric-offset') ?? '',
      handle: response.headers.get('electric-handle') ?? '',
    }
    if (response.headers.has('electric-up-to-date')) return { client, params: next }
  }
}

/** Follows by long poll for ever; `onBody` gets every answer. */
async function poll(engine: Engine, reader: Reader, onBody: (body: Buffer) => void): Promise<void> {
  for (;;) {
    const response = await reader.client.get(shapePath(engine, { ...reader.params, live: 'true' })).catch(() => null)
    if (!response) return
    reader.params = {
      ...reader.params,
      offset: response.headers.get('electric-offset') ?? '',
      cursor: response.headers.get('electric-cursor') ?? '',
    }
    onBody(response.body)
  }
}

/** Writes events one after another and waits until all readers have each; times from before the write. */
async function timeEvents(
  sql: pg.Pool,
  table: string,
  arrivals: Arrivals,
  readers: number,
  events = EVENTS,
): Promise<number[]> {
  const all: number[] = []
  for (let n = 1; n <= events + WARM_UP / 4; n++) {
    const done = arrivals.expect(readers)
    await sql.query(`INSERT INTO ${table} (id, v) VALUES (${String(Date.now() * 1000 + n)}, 'event')`)
    const times = await done
    if (n > WARM_UP / 4) all.push(...times)
  }
  return all
}

/** Collects when an event arrived at each of the readers. */
class Arrivals {
  private begun = 0
  private wanted = 0
  private times: number[] = []
  private resolve: ((times: number[]) => void) | null = null

  expect(count: number): Promise<number[]> {
    this.begun = performance.now()
    this.wanted = count
    this.times = []
    return new Promise((resolve) => (this.resolve = resolve))
  }

  arrive(): void {
    this.times.push(performance.now() - this.begun)
    if (this.times.length === this.wanted) this.resolve?.(this.times)
  }
}

/** One event to `count` readers of one shape. */
export async function fanOut(
  engine: Engine,
  sql: pg.Pool,
  table: string,
  count: number,
  mode: 'long poll' | 'events',
): Promise<Measurement[]> {
  const arrivals = new Arrivals()
  const readers = await Promise.all(
    Array.from({ length: count }, () => caughtUp(engine, { table, log: 'changes_only' })),
  )
  for (const reader of readers) {
    if (mode === 'long poll') void poll(engine, reader, (body) => body.includes('"insert"') && arrivals.arrive())
    else {
      reader.client.stream(shapePath(engine, { ...reader.params, live: 'true', live_sse: 'true' }), (text) => {
        if (text.includes('"insert"')) arrivals.arrive()
      })
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
  const times = await timeEvents(sql, table, arrivals, count, count === 1 ? 300 : EVENTS)
  for (const reader of readers) reader.client.close()
  return latencies(`${String(count)} client${count === 1 ? '' : 's'}, ${mode}`, times)
}

/** The same without any protocol. */
export async function fanOutLimit(limit: Limit, sql: pg.Pool, table: string, count: number): Promise<Measurement[]> {
  const arrivals = new Arrivals()
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = net.connect(limit.port, '127.0.0.1')
      await new Promise((resolve) => socket.once('connect', resolve))
      socket.on('data', () => arrivals.arrive())
      return socket
    }),
  )
  // A socket is connected before the server has accepted it.
  while (limit.readers() < count) await new Promise((resolve) => setImmediate(resolve))
  const times = await timeEvents(sql, table, arrivals, count, count === 1 ? 300 : EVENTS)
  for (const socket of sockets) socket.destroy()
  const label = `${String(count)} client${count === 1 ? '' : 's'}`
  return count === 1
    ? latencies(`${label}, long poll`, times)
    : [...latencies(`${label}, long poll`, times), ...latencies(`${label}, events`, times)]
}

/** Many shapes with distinct equality filters, each followed by one reader, under a steady stream of small transactions. */
export async function manyShapes(engine: Engine, sql: pg.Pool, table: string, count: number): Promise<Measurement[]> {
  const before = residentBytes(engine.pid)
  const begunAt = new Map<number, number>()
  const times: number[] = []
  const readers: Reader[] = []
  for (let i = 0; i < count; i += 50) {
    const batch = Array.from({ length: Math.min(50, count - i) }, (_, n) =>
      caughtUp(engine, { table, where: `k = ${String(i + n)}`, log: 'changes_only' }),
    )
    readers.push(...(await Promise.all(batch)))
  }
  for (const reader of readers) {
    void poll(engine, reader, (body) => {
      for (const found of body.toString('latin1').matchAll(/"id":"(\d+)"/g)) {
        const begun = begunAt.get(Number(found[1]))
        if (begun !== undefined) times.push(performance.now() - begun)
      }
    })
  }
  await new Promise((resolve) => setTimeout(resolve, 500))
  const after = residentBytes(engine.pid)
  const cpuBefore = cpuMs(engine.pid)
  const transactions = 1000
  const begun = performance.now()
  for (let n = 1; n <= transactions; n++) {
    const due = begun + n * 5 - performance.now()
    if (due > 0) await new Promise((resolve) => setTimeout(resolve, due))
    begunAt.set(n, performance.now())
    void sql.query(`INSERT INTO ${table} (id, k, v) VALUES (${String(n)}, ${String((n * 7919) % count)}, 'x')`)
  }
  await new Promise((resolve) => setTimeout(resolve, 500))
  const cpu = cpuMs(engine.pid) - cpuBefore
  for (const reader of readers) reader.client.close()
  return [
    ...latencies(`${String(count)} shapes at 200 tx/s`, times),
    ...(engine.pid === null
      ? []
      : [
          { what: `${String(count)} shapes, server CPU per tx`, unit: 'ms', value: cpu / transactions },
          {
            what: `${String(count)} shapes, memory per shape with its reader`,
            unit: 'KB',
            value: (after - before) / count / 1024,
          },
        ]),
  ]
}

/** A procedure that commits many transactions in one call: the writer must not be what is measured. */
export async function createWriter(sql: pg.Pool, table: string): Promise<void> {
  await sql.query(`CREATE OR REPLACE PROCEDURE bench_write(count int, base bigint) LANGUAGE plpgsql AS $$
    BEGIN FOR i IN 1..count LOOP INSERT INTO ${table} (id, v) VALUES (base + i, 'x'); COMMIT; END LOOP; END $$`)
}

/** Single-row transactions as fast as they go; the rate at which the last of them has arrived. */
export async function throughput(
  engine: Engine,
  sql: pg.Pool,
  table: string,
  transactions: number,
): Promise<Measurement[]> {
  const reader = await caughtUp(engine, { table, log: 'changes_only' })
  let seen = 0
  const done = new Promise<void>((resolve) => {
    void poll(engine, reader, (body) => {
      seen += body.toString('latin1').split('"operation":"insert"').length - 1
      if (seen >= transactions) resolve()
    })
  })
  const begun = performance.now()
  await sql.query(`CALL bench_write(${String(transactions)}, ${String(Date.now() * 1000)})`)
  const written = performance.now() - begun
  await done
  const arrived = performance.now() - begun
  reader.client.close()
  return [
    { what: 'transactions written', unit: 'per s', value: (transactions / written) * 1000 },
    { what: 'transactions arrived', unit: 'per s', value: (transactions / arrived) * 1000 },
  ]
}

/** A cold snapshot and a second reader's. */
export async function snapshot(engine: Engine, table: string, rows: number): Promise<Measurement[]> {
  const before = residentBytes(engine.pid)
  let peak = before
  const watch = setInterval(() => (peak = Math.max(peak, residentBytes(engine.pid))), 50)
  const cold = await drain(engine, table)
  const second = await drain(engine, table)
  clearInterval(watch)
  return [
    { what: 'snapshot, cold', unit: 'rows/s', value: (rows / cold) * 1000 },
    { what: 'snapshot, second reader', unit: 'rows/s', value: (rows / second) * 1000 },
    ...(engine.pid === null ? [] : [{ what: 'snapshot, memory growth', unit: 'MB', value: (peak - before) / 1e6 }]),
  ]
}

async function drain(engine: Engine, table: string): Promise<number> {
  const begun = performance.now()
  let query: Record<string, string> = { table, offset: '-1' }
  for (;;) {
    const response = await fetch(engine.url + shapePath(engine, query))
    for await (const piece of response.body ?? []) void piece
    query = {
      table,
      offset: response.headers.get('electric-offset') ?? '',
      handle: response.headers.get('electric-handle') ?? '',
    }
    if (response.headers.has('electric-up-to-date')) return performance.now() - begun
  }
}

/** What Postgres alone can copy out. */
export async function snapshotLimit(databaseUrl: string, table: string, rows: number): Promise<Measurement[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const begun = performance.now()
  await copyOut(client, `COPY ${table} TO STDOUT`, () => null)
  const ms = performance.now() - begun
  await client.end()
  return ['cold', 'second reader'].map((what) => ({
    what: `snapshot, ${what}`,
    unit: 'rows/s',
    value: (rows / ms) * 1000,
  }))
}

/** A reader that comes back after many changes. */
export async function catchUp(engine: Engine, sql: pg.Pool, table: string, changes: number): Promise<Measurement[]> {
  const reader = await caughtUp(engine, { table, log: 'changes_only' })
  const other = await caughtUp(engine, { table, log: 'changes_only' })
  let seen = 0
  const arrived = new Promise<void>((resolve) => {
    void poll(engine, other, (body) => {
      seen += body.toString('latin1').split('"operation":"insert"').length - 1
      if (seen >= changes) resolve()
    })
  })
  await sql.query(`CALL bench_write(${String(changes)}, ${String(Date.now() * 1000)})`)
  await arrived
  const times: number[] = []
  for (let i = 0; i < 9; i++) {
    const begun = performance.now()
    const response = await reader.client.get(shapePath(engine, reader.params))
    JSON.parse(response.body.toString('utf8'))
    times.push(performance.now() - begun)
  }
  reader.client.close()
  other.client.close()
  return [{ what: `catch-up over ${String(changes)} changes`, unit: 'ms', value: times.sort((a, b) => a - b)[4] ?? 0 }]
}
