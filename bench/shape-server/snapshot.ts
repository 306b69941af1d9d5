import { once } from 'node:events'
import http from 'node:http'
import type pg from 'pg'
import type { Engine } from './engine'
import { residentBytes, shapePath } from './engine'
import type { Limit } from './limit'
import type { Measurement } from './measurement'

const WEIGH_MS = 50

/** A table of rows of 200 bytes. */
export async function createWideTable(sql: pg.Pool, rows: number): Promise<void> {
  await sql.query(`CREATE TABLE bench_wide (id bigint PRIMARY KEY, a text, b text, n int, at timestamptz);
    INSERT INTO bench_wide SELECT i, repeat('a', 70), repeat('b', 70), i % 1000, now() FROM generate_series(1, ${String(rows)}) i`)
  await sql.query('VACUUM ANALYZE bench_wide')
}

/** A cold snapshot and a second reader's. */
export async function snapshot(engine: Engine, rows: number): Promise<Measurement[]> {
  const before = residentBytes(engine.pid)
  let peak = before
  const watch = setInterval(() => (peak = Math.max(peak, residentBytes(engine.pid))), WEIGH_MS)
  const cold = await drain(engine)
  const second = await drain(engine)
  clearInterval(watch)
  return [
    { what: 'snapshot, cold', unit: 'rows/s', value: (rows / cold) * 1000 },
    { what: 'snapshot, second reader', unit: 'rows/s', value: (rows / second) * 1000 },
    ...(engine.pid === null ? [] : [{ what: 'snapshot, memory growth', unit: 'MB', value: (peak - before) / 1e6 }]),
  ]
}

/** The rows as Postgres writes them, from the same process to the same client. */
export async function snapshotLimit(limit: Limit, rows: number): Promise<Measurement[]> {
  const socket = await limit.connect('/copy', () => undefined)
  const begun = performance.now()
  socket.send('begin')
  await once(socket, 'close')
  const perSecond = (rows / (performance.now() - begun)) * 1000
  return ['cold', 'second reader'].map((what) => ({ what: `snapshot, ${what}`, unit: 'rows/s', value: perSecond }))
}

/** Reads the whole table as a shape, to up to date, with no more between wire and measurement than the limit's client has; milliseconds. */
async function drain(engine: Engine): Promise<number> {
  const agent = new http.Agent({ keepAlive: true })
  const begun = performance.now()
  let query: Record<string, string> = { table: 'bench_wide', offset: '-1' }
  for (;;) {
    const [response] = (await once(http.get(engine.url + shapePath(engine, query), { agent }), 'response')) as [
      http.IncomingMessage,
    ]
    await once(response.resume(), 'end')
    if (response.statusCode !== 200) throw new Error(`the snapshot was answered with ${String(response.statusCode)}`)
    if (response.headers['electric-up-to-date'] !== undefined) break
    query = {
      table: 'bench_wide',
      offset: String(response.headers['electric-offset']),
      handle: String(response.headers['electric-handle']),
    }
  }
  agent.destroy()
  return performance.now() - begun
}
