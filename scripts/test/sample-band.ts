import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { SAMPLE_USERS, type SampleUser } from '@/db/sample-ids'
import { testApp, type TestApp } from './app'
import type { TestDatabase } from './database'
import { testDatabase } from './postgres'
import { writerOf, type Draft, type Writer } from './writer'

/** The sample bands in a database of their own, the doors in front of it, and everybody signed in. */
export type SampleBand = AsyncDisposable & {
  db: TestDatabase
  app: TestApp
  writers: Record<SampleUser, Writer>
  /** Asks the database as its owner, past the doors. */
  rows: (sql: string, ...params: unknown[]) => Promise<Record<string, unknown>[]>
  /** One row by its key. */
  row: (table: string, key: string) => Promise<Record<string, unknown> | undefined>
}

/** Tests write as fast as they can, unless they say otherwise. */
const UNLIMITED = { WRITES_PER_SECOND: '1000000' }

/** Starts it. `settings` are environment variables of the app, e.g. `{ DATABASE_DRIVER: 'neon' }`. */
export async function sampleBand(settings: Record<string, string> = {}): Promise<SampleBand> {
  const db = await testDatabase({ seeded: true })
  const app = await testApp(db, { settings: { ...UNLIMITED, ...settings } })
  const owner = new pg.Client(db.ownerUrl)
  await owner.connect()
  const rows: SampleBand['rows'] = async (sql, ...params) => (await owner.query(sql, params)).rows
  const writers = Object.fromEntries(
    Object.entries(SAMPLE_USERS).map(([name, { id }]) => [name, writerOf(app, id)]),
  ) as Record<SampleUser, Writer>
  return {
    db,
    app,
    writers,
    rows,
    row: async (table, key) => (await rows(`SELECT * FROM ${table} WHERE id = $1`, key))[0],
    async [Symbol.asyncDispose]() {
      await owner.end()
      await app[Symbol.asyncDispose]()
      await db[Symbol.asyncDispose]()
    },
  }
}

/** One sample band for all tests of a file: it starts before the first and goes after the last. */
export function sharedSampleBand(settings?: Record<string, string>): Omit<SampleBand, keyof AsyncDisposable> {
  let started: SampleBand
  beforeAll(async () => {
    started = await sampleBand(settings)
  })
  afterAll(() => started[Symbol.asyncDispose]())
  const writers = Object.fromEntries(
    Object.entries(SAMPLE_USERS).map(([name, { id }]) => [
      name,
      laterWriter(id, () => started.writers[name as SampleUser]),
    ]),
  ) as Record<SampleUser, Writer>
  return {
    writers,
    get db() {
      return started.db
    },
    get app() {
      return started.app
    },
    rows: (...args) => started.rows(...args),
    row: (...args) => started.row(...args),
  }
}

/** A writer who can be named before the doors are open. */
function laterWriter(userId: string, writer: () => Writer): Writer {
  return {
    userId,
    get clientId() {
      return writer().clientId
    },
    send: (...writes) => writer().send(...writes),
    one: (write) => writer().one(write),
    post: (...args) => writer().post(...args),
  }
}

/** An insert under a new key. */
export function insert(
  entity: string,
  values: Extract<Draft, { op: 'insert' }>['values'],
  key: string = crypto.randomUUID(),
): Extract<Draft, { op: 'insert' }> {
  return { entity, op: 'insert', key, values }
}

/** An update, with what the writer had seen when `base` is given. */
export function update(
  entity: string,
  key: string,
  patch: Extract<Draft, { op: 'update' }>['patch'],
  base?: Extract<Draft, { op: 'update' }>['base'],
): Extract<Draft, { op: 'update' }> {
  return { entity, op: 'update', key, patch, ...(base ? { base } : {}) }
}

export function remove(entity: string, key: string): Extract<Draft, { op: 'delete' }> {
  return { entity, op: 'delete', key }
}
