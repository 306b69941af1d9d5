import type pg from 'pg'
import type { Engine } from './engine'
import type { Limit } from './limit'
import { quantile } from './numbers'
import type { Measurement } from './measurement'
import { Reader } from './reader'

const TRANSACTIONS = 20_000
const CHANGES = 10_000
const READINGS = 9
const EVENTS_SHAPE = { table: 'bench_events', log: 'changes_only' }

/** A procedure that commits many transactions in one call: the writer must not be what is measured. */
export async function createWriter(sql: pg.Pool): Promise<void> {
  await sql.query(`CREATE OR REPLACE PROCEDURE bench_write(count int, base bigint) LANGUAGE plpgsql AS $$
    BEGIN FOR i IN 1..count LOOP INSERT INTO bench_events (id, v) VALUES (base + i, 'x'); COMMIT; END LOOP; END $$`)
}

/** Single-row transactions as fast as they go; the rate at which the last of them has arrived. */
export async function throughput(engine: Engine, sql: pg.Pool): Promise<Measurement[]> {
  const reader = await Reader.open(engine, EVENTS_SHAPE)
  const arrived = new Countdown(TRANSACTIONS)
  void reader.poll((body) => arrived.take(body.toString('latin1').split('"operation":"insert"').length - 1))
  const found = await timeTransactions(sql, arrived)
  reader.close()
  return found
}

/** The same without any protocol. */
export async function throughputLimit(limit: Limit, sql: pg.Pool): Promise<Measurement[]> {
  const arrived = new Countdown(TRANSACTIONS)
  const socket = await limit.connect('/', (text) => arrived.take(text.split('\n').length))
  const found = await timeTransactions(sql, arrived)
  socket.terminate()
  return found
}

/** A reader that comes back after many changes. */
export async function catchUp(engine: Engine, sql: pg.Pool): Promise<Measurement[]> {
  const [reader, other] = [await Reader.open(engine, EVENTS_SHAPE), await Reader.open(engine, EVENTS_SHAPE)]
  const arrived = new Countdown(CHANGES)
  void other.poll((body) => arrived.take(body.toString('latin1').split('"operation":"insert"').length - 1))
  await write(sql, CHANGES)
  await arrived.done
  const found = await timeReading(async () => (await reader.read(true)).body.toString('utf8'))
  reader.close()
  other.close()
  return found
}

/** The same as one message of bare rows. */
export async function catchUpLimit(limit: Limit, sql: pg.Pool): Promise<Measurement[]> {
  const arrived = new Countdown(CHANGES)
  const socket = await limit.connect('/', (text) => arrived.take(text.split('\n').length))
  await write(sql, CHANGES)
  await arrived.done
  let resolve: (text: string) => void = () => {}
  const asking = await limit.connect('/kept', (text) => resolve(text))
  const found = await timeReading(() => {
    asking.send('again')
    return new Promise<string>((onText) => (resolve = onText))
  })
  socket.terminate()
  asking.terminate()
  return found
}

async function timeTransactions(sql: pg.Pool, arrived: Countdown): Promise<Measurement[]> {
  const begun = performance.now()
  await write(sql, TRANSACTIONS)
  const written = performance.now() - begun
  await arrived.done
  const duration = performance.now() - begun
  return [
    { what: 'transactions written', unit: 'per s', value: (TRANSACTIONS / written) * 1000 },
    { what: 'transactions arrived', unit: 'per s', value: (TRANSACTIONS / duration) * 1000 },
  ]
}

async function timeReading(read: () => Promise<string>): Promise<Measurement[]> {
  const times: number[] = []
  for (let i = 0; i < READINGS; i++) {
    const begun = performance.now()
    JSON.parse(await read())
    times.push(performance.now() - begun)
  }
  return [{ what: `catch-up over ${String(CHANGES)} changes`, unit: 'ms', value: quantile(times, 0.5) }]
}

async function write(sql: pg.Pool, count: number): Promise<void> {
  await sql.query(`CALL bench_write(${String(count)}, ${String(Date.now() * 1000)})`)
}

/** Resolves `done` when as many as were awaited have come. */
class Countdown {
  readonly done: Promise<void>
  private resolve: () => void = () => {}

  constructor(private left: number) {
    this.done = new Promise((resolve) => (this.resolve = resolve))
  }

  take(count: number): void {
    this.left -= count
    if (this.left <= 0) this.resolve()
  }
}
