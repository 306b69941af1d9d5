import type pg from 'pg'
import type { Engine } from './engine'
import { cpuMs, residentBytes } from './engine'
import type { Limit } from './limit'
import { latencies } from './numbers'
import type { Measurement } from './measurement'
import { Reader } from './reader'

const SHAPES = 1000
const TRANSACTIONS = 1000
const INTERVAL_MS = 5
const WARM_UP_SHAPES = 200
const OPENED_AT_ONCE = 50

/** Many shapes with distinct equality filters, each followed by one reader, under a steady stream of small transactions. */
export async function manyShapes(engine: Engine, sql: pg.Pool): Promise<Measurement[]> {
  const open = (k: number) =>
    Reader.open(engine, { table: 'bench_keyed', where: `k = ${String(k)}`, log: 'changes_only' })
  const openFrom = async (begin: number, count: number) => {
    const opened: Reader[] = []
    while (opened.length < count) {
      const next = begin + opened.length
      opened.push(...(await Promise.all(Array.from({ length: OPENED_AT_ONCE }, (_, n) => open(next + n)))))
    }
    return opened
  }
  // What the first shapes cost (the grammar, compiled code, a heap that grows to its working size) is not what a shape costs.
  const first = await openFrom(SHAPES, WARM_UP_SHAPES)
  const before = residentBytes(engine.pid)
  const readers = await openFrom(0, SHAPES)
  const stopwatch = new Stopwatch()
  for (const reader of readers) {
    void reader.poll((body) => {
      for (const found of body.toString('latin1').matchAll(/"id":"(\d+)"/g)) stopwatch.arrive(Number(found[1]))
    })
  }
  await new Promise((resolve) => setTimeout(resolve, 500))
  const after = residentBytes(engine.pid)
  const cpu = await stopwatch.writeSteadily(sql, engine.pid)
  for (const reader of [...first, ...readers]) reader.close()
  return figures(stopwatch.times, engine.pid === null ? null : { cpu, bytes: after - before })
}

/** The same where every socket follows one value, without storage or protocol. */
export async function manyShapesLimit(limit: Limit, sql: pg.Pool): Promise<Measurement[]> {
  const before = residentBytes(limit.pid)
  const stopwatch = new Stopwatch()
  const open = (k: number) =>
    limit.connect(`/?key=${String(k)}`, (text) => stopwatch.arrive(Number((JSON.parse(text) as string[])[0])))
  const sockets = await Promise.all(Array.from({ length: SHAPES }, (_, k) => open(k)))
  const after = residentBytes(limit.pid)
  const cpu = await stopwatch.writeSteadily(sql, limit.pid)
  for (const socket of sockets) socket.terminate()
  return figures(stopwatch.times, { cpu, bytes: after - before })
}

function figures(times: number[], process: { cpu: number; bytes: number } | null): Measurement[] {
  const label = `${String(SHAPES)} shapes`
  const found = latencies(`${label} at ${String(1000 / INTERVAL_MS)} tx/s`, times)
  if (process === null) return found
  const memory = process.bytes / SHAPES / 1024
  return [
    ...found,
    { what: `${label}, server CPU per tx`, unit: 'ms', value: process.cpu / TRANSACTIONS },
    { what: `${label}, memory per shape with its reader`, unit: 'KB', value: memory },
  ]
}

/** Rows written so far, for all engines: ids are unique. */
let rowCount = 0

/** Writes numbered rows at a steady pace, and keeps how long each took to arrive. */
class Stopwatch {
  readonly times: number[] = []
  private readonly begunAt = new Map<number, number>()

  arrive(id: number): void {
    const begun = this.begunAt.get(id)
    if (begun !== undefined) this.times.push(performance.now() - begun)
  }

  /** Returns the CPU time that a process used meanwhile, milliseconds. */
  async writeSteadily(sql: pg.Pool, pid: number | null): Promise<number> {
    const cpuBefore = cpuMs(pid)
    const begun = performance.now()
    for (let n = 1; n <= TRANSACTIONS; n++) {
      const id = ++rowCount
      const due = begun + n * INTERVAL_MS - performance.now()
      if (due > 0) await new Promise((resolve) => setTimeout(resolve, due))
      this.begunAt.set(id, performance.now())
      void sql.query(`INSERT INTO bench_keyed (id, k, v) VALUES (${String(id)}, ${String((n * 7919) % SHAPES)}, 'x')`)
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
    return cpuMs(pid) - cpuBefore
  }
}
