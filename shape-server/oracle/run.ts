import pg from 'pg'
import { Random } from './random'
import { OracleReader, sorted } from './reader'
import { createTableSql, randomStatement, randomWorld, sqlName } from './world'
import type { WorldShape, WorldTable } from './world'

export interface OracleOptions {
  seed: number
  databaseUrl: string
  serverUrl: () => string
  secret?: string
  batches: number
  tables: number
  shapesPerTable: number
  writers: number
  /** TRUNCATE may happen; shapes then begin anew. */
  truncates: boolean
  /** Readers cut their requests at any moment, and some stay away for whole batches. */
  drops?: boolean
  /** Called while a batch is written. */
  disturb?: (random: Random) => Promise<void>
}

export interface OracleReport {
  transactions: number
  rotations: number
  comparisons: number
}

/**
 * Random tables, shapes and concurrent transactions; after each batch every materialised shape must equal what Postgres
 * selects, for readers that followed from the start and for fresh ones. Throws on the first difference, naming the seed.
 */
export async function runOracle(options: OracleOptions): Promise<OracleReport> {
  const random = new Random(options.seed)
  const pool = new pg.Pool({ connectionString: options.databaseUrl, max: options.writers + 2 })
  pool.on('error', () => undefined)
  const report = { transactions: 0, rotations: 0, comparisons: 0 }
  try {
    const tables = randomWorld(random, options.tables, options.shapesPerTable)
    await retried(() => pool.query('CREATE TABLE marker (id int PRIMARY KEY, n int)'))
    for (const table of tables) await retried(() => pool.query(createTableSql(table)))
    for (const table of tables) await populate(pool, random, table)
    await followAll(options, random, pool, tables, report)
    return report
  } catch (error) {
    throw new Error(`seed ${String(options.seed)}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  } finally {
    await pool.end()
  }
}

async function followAll(
  options: OracleOptions,
  random: Random,
  pool: pg.Pool,
  tables: WorldTable[],
  report: OracleReport,
): Promise<void> {
  const markerTable: WorldTable = { name: 'marker', key: ['id'], columns: [], shapes: [] }
  const marker = new OracleReader(
    { table: markerTable, where: null, params: [], columns: null, replica: 'default' },
    options.serverUrl,
    options.secret,
  )
  const shapes = tables.flatMap((table) => table.shapes)
  const readers = shapes.map((shape) => new OracleReader(shape, options.serverUrl, options.secret))
  // Shapes come to life while transactions run.
  await Promise.all([
    ...readers.map((reader) => reader.catchUp()),
    marker.catchUp(),
    writeBatch(options, random.fork(), pool, tables, report),
  ])
  for (let batch = 1; batch <= options.batches; batch++) {
    const stop = new AbortController()
    // Some come back only to be compared, with whatever offset they had.
    const present = readers.filter(() => options.drops !== true || random.chance(0.7))
    const followers = present.map((reader) =>
      followUntil(reader, stop.signal, options.drops === true ? random.fork() : null),
    )
    await Promise.all([writeBatch(options, random.fork(), pool, tables, report), options.disturb?.(random.fork())])
    await retried(() =>
      pool.query('INSERT INTO marker VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n', [batch]),
    )
    // Transactions reach all shapes in one order: what was before the marker is there when the marker is.
    while (![...marker.rows.values()].some((row) => row['n'] === String(batch))) await marker.catchUp()
    stop.abort()
    await Promise.all(followers)
    for (const reader of readers) await compare(pool, reader, report)
    const fresh = new OracleReader(random.pick(shapes), options.serverUrl, options.secret)
    await compare(pool, fresh, report)
  }
  report.rotations = readers.reduce((sum, reader) => sum + reader.rotations, 0)
}

/** Follows a shape; with `random`, requests are cut at any moment and asked again. */
async function followUntil(reader: OracleReader, signal: AbortSignal, random: Random | null): Promise<void> {
  while (!signal.aborted) {
    const cut = new AbortController()
    const leave = () => cut.abort()
    signal.addEventListener('abort', leave)
    const timer = random?.chance(0.5) === true ? setTimeout(leave, random.below(15)) : undefined
    await reader.live(cut.signal)
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
  }
}

async function compare(pool: pg.Pool, reader: OracleReader, report: OracleReport): Promise<void> {
  await reader.catchUp()
  const expected = await select(pool, reader.shape)
  const found = reader.contents()
  report.comparisons++
  const missing = expected.filter((row) => !found.includes(row))
  const extra = found.filter((row) => !expected.includes(row))
  if (missing.length + extra.length === 0 && expected.length === found.length) return
  const cut = (rows: string[]) =>
    rows
      .slice(0, 3)
      .map((row) => row.slice(0, 300))
      .join('\n  ')
  throw new Error(
    `${reader.params.toString()}\nmissing ${String(missing.length)}:\n  ${cut(missing)}\nextra ${String(extra.length)}:\n  ${cut(extra)}`,
  )
}

async function select(pool: pg.Pool, shape: WorldShape): Promise<string[]> {
  const names = shape.columns ?? shape.table.columns.map((column) => column.name)
  const where = shape.where === null ? '' : ` WHERE ${shape.where}`
  const list = names.map((name) => `${sqlName(name)}::text AS ${sqlName(name)}`).join(', ')
  const text = `SELECT ${list} FROM ${sqlName(shape.table.name)}${where}`
  const { rows } = await retried(async () => {
    const client = await pool.connect()
    try {
      await client.query("SET TimeZone = 'UTC'")
      return await client.query<Record<string, string | null>>(text, shape.params)
    } finally {
      client.release()
    }
  })
  return rows.map((row) => JSON.stringify(sorted(row))).sort()
}

async function populate(pool: pg.Pool, random: Random, table: WorldTable): Promise<void> {
  for (let i = 0; i < 5; i++) {
    const statement = randomStatement(random, table)
    await retried(() => pool.query(statement).catch(ignoreConflict))
  }
}

async function writeBatch(
  options: OracleOptions,
  random: Random,
  pool: pg.Pool,
  tables: WorldTable[],
  report: OracleReport,
): Promise<void> {
  const writers = Array.from({ length: options.writers }, () => random.fork())
  await Promise.all(
    writers.map(async (own) => {
      for (let i = 0; i < 4; i++) {
        await runTransaction(pool, own, tables, options.truncates).catch(ignoreLoss)
        report.transactions++
      }
    }),
  )
}

/** A transaction with savepoints, some of them rolled back, at times rolled back whole. */
async function runTransaction(pool: pg.Pool, random: Random, tables: WorldTable[], truncates: boolean): Promise<void> {
  const client = await pool.connect()
  let failure: Error | undefined
  const onError = (error: Error) => (failure = error)
  client.on('error', onError)
  try {
    await client
      .query("BEGIN; SET LOCAL lock_timeout = '500ms'; SET LOCAL deadlock_timeout = '100ms'")
      .catch(async (error: unknown) => {
        // Only superusers may set deadlock_timeout.
        if (!isCode(error, ['42501'])) throw error
        await client.query("ROLLBACK; BEGIN; SET LOCAL lock_timeout = '500ms'")
      })
    const statements = 1 + random.below(6)
    for (let i = 0; i < statements; i++) await runSavepoint(client, random, tables)
    if (truncates && random.chance(0.03)) await client.query(`TRUNCATE ${sqlName(random.pick(tables).name)}`)
    await client.query(random.chance(0.15) ? 'ROLLBACK' : 'COMMIT')
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  } finally {
    client.off('error', onError)
    client.release(failure)
  }
}

async function runSavepoint(client: pg.PoolClient, random: Random, tables: WorldTable[]): Promise<void> {
  const statement = randomStatement(random, random.pick(tables))
  const undo = random.chance(0.2)
  await client.query('SAVEPOINT s')
  try {
    await client.query(statement)
    await client.query(undo ? 'ROLLBACK TO SAVEPOINT s' : 'RELEASE SAVEPOINT s')
  } catch (error) {
    if (!isCode(error, ['23505', '55P03', '40P01'])) throw error
    await client.query('ROLLBACK TO SAVEPOINT s')
  }
}

function isCode(error: unknown, codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

function ignoreConflict(error: unknown): void {
  if (!isCode(error, ['23505'])) throw error
}

/** The database may be away at times (it is restarted on purpose); wrong SQL is never meant. */
function isLoss(error: unknown): boolean {
  if (isCode(error, ['57P01', '57P02', '57P03', 'ECONNREFUSED', 'ECONNRESET', '55P03', '40P01', 'EPIPE'])) return true
  return error instanceof Error && /Connection terminated|not queryable|connection error/i.test(error.message)
}

function ignoreLoss(error: unknown): void {
  if (!isLoss(error)) throw error
}

async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isLoss(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  }
}
