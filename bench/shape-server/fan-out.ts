import type pg from 'pg'
import type { Engine } from './engine'
import type { Limit } from './limit'
import { latencies } from './numbers'
import type { Measurement } from './measurement'
import { Reader } from './reader'

const EVENTS = 60
const EVENTS_OF_ONE = 300
const WARM_UP = 5

/** How a reader is told. */
export type Mode = 'long poll' | 'events'

/** One event to `count` readers of one shape, from before the write to each reader's callback. */
export async function fanOut(engine: Engine, sql: pg.Pool, count: number, mode: Mode): Promise<Measurement[]> {
  const arrivals = new Arrivals()
  const params = { table: 'bench_events', log: 'changes_only' }
  const readers = await Promise.all(Array.from({ length: count }, () => Reader.open(engine, params)))
  for (const reader of readers) {
    if (mode === 'long poll') void reader.poll((body) => body.includes('"insert"') && arrivals.arrive())
    else reader.follow((text) => text.includes('"insert"') && arrivals.arrive())
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
  const times = await timeEvents(sql, arrivals, count)
  for (const reader of readers) reader.close()
  return latencies(label(count, mode), times)
}

/** The same without any protocol. */
export async function fanOutLimit(limit: Limit, sql: pg.Pool, count: number, mode: Mode): Promise<Measurement[]> {
  const arrivals = new Arrivals()
  const open = () => limit.connect('/', () => arrivals.arrive())
  const sockets = await Promise.all(Array.from({ length: count }, open))
  const times = await timeEvents(sql, arrivals, count)
  for (const socket of sockets) socket.terminate()
  return latencies(label(count, mode), times)
}

function label(count: number, mode: Mode): string {
  return `${String(count)} client${count === 1 ? '' : 's'}, ${mode}`
}

/** Writes events one after another and waits until all readers have each. */
async function timeEvents(sql: pg.Pool, arrivals: Arrivals, readers: number): Promise<number[]> {
  const all: number[] = []
  const events = readers === 1 ? EVENTS_OF_ONE : EVENTS
  for (let n = -WARM_UP; n < events; n++) {
    const done = arrivals.expect(readers)
    await sql.query(`INSERT INTO bench_events (id, v) VALUES (${String(Date.now() * 1000 + n)}, 'event')`)
    const times = await done
    if (n >= 0) all.push(...times)
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
