import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { TestDatabase } from '../scripts/test/database'
import { startNeonProxy, type NeonProxy } from '../scripts/test/neon-proxy'
import { testDatabase } from '../scripts/test/postgres'
import { assertAppRole, type Database, type Driver, driverFor, openDatabase } from './client'
import { kept } from './kept-statements'
import { NIGHT_SHIFT, NIGHT_SHIFT_SONGS, SAMPLE_USERS } from './sample-ids'
import { setlists, shows, songs } from './schema'

let db: TestDatabase
let proxy: NeonProxy
beforeAll(async () => {
  db = await testDatabase({ seeded: true })
  proxy = await startNeonProxy()
})
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

describe.each<Driver>(['pg', 'neon'])('the %s driver', (driver) => {
  const open = (url: string, max?: number): Database =>
    openDatabase(url, { driver, neonProxy: proxy.address, ...(max === undefined ? {} : { max }) })
  const asSarah = sql`select set_config('app.user_id', ${SAMPLE_USERS.sarah.id}, true)`
  const song = eq(songs.id, NIGHT_SHIFT_SONGS[0] ?? '')

  test('reads rows under row-level security, each value in its one spelling', async () => {
    await using app = open(db.appUrl)
    const found = await app.transaction(async (tx) => {
      await tx.execute(asSarah)
      return tx.select().from(songs).where(song)
    })
    expect(found).toMatchObject([
      { title: 'Last Train Out', tempo_bpm: 128, tags: ['original', 'opener'], deleted_at: null, version: 1 },
    ])
    expect(found[0]?.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(await app.select().from(songs).where(song)).toEqual([])
  })

  test('reads JSON parsed and times in UTC, whatever the session’s time zone', async () => {
    await using app = open(db.appUrl)
    await app.transaction(async (tx) => {
      await tx.execute(asSarah)
      await tx.execute(sql`set local time zone 'Asia/Kathmandu'`)
      const [set] = await tx.select().from(setlists).where(eq(setlists.name, 'Friday club set'))
      expect(set?.items[0]).toMatchObject({ kind: 'song', song_id: NIGHT_SHIFT_SONGS[0] })
      const [show] = await tx.select().from(shows).where(eq(shows.band_id, NIGHT_SHIFT)).limit(1)
      expect(show?.starts_at).toMatch(/T19:00:00\.000Z$/)
    })
  })

  test('keeps the statements that say so, under the same name on every connection, and no others', async () => {
    const keptBy = async (app: Database) => {
      for (const n of [1, 2, 3]) await app.execute(sql`${kept}SELECT ${n}::int + 1 AS next`)
      await app.execute(sql`SELECT ${1}::int`)
      const { rows } = await app.execute<{ name: string; runs: number }>(
        sql`SELECT name, (generic_plans + custom_plans)::int AS runs FROM pg_prepared_statements`,
      )
      return rows
    }
    await using one = open(db.appUrl, 1)
    await using other = open(db.appUrl, 1)
    const first = await keptBy(one)
    expect(first).toEqual([{ name: expect.stringMatching(/^kept_[0-9a-f]{32}$/), runs: 3 }])
    expect(await keptBy(other)).toEqual(first)
    vi.stubEnv('DATABASE_KEEPS_STATEMENTS', 'false')
    await using none = open(db.appUrl, 1)
    expect(await keptBy(none)).toEqual([])
    vi.unstubAllEnvs()
  })

  test('writes what it reads', async () => {
    await using app = open(db.appUrl)
    const at = '2026-11-20T18:00:00.123Z'
    await app
      .transaction(async (tx) => {
        await tx.execute(asSarah)
        const [written] = await tx
          .update(shows)
          .set({ starts_at: at, notes: 'ü – 🎸' })
          .where(eq(shows.band_id, NIGHT_SHIFT))
          .returning()
        expect(written).toMatchObject({ starts_at: at, notes: 'ü – 🎸', updated_by: SAMPLE_USERS.sarah.id })
        tx.rollback()
      })
      .catch(() => {})
  })

  test('forgets for whom it acted when the transaction ends, on the same connection', async () => {
    await using app = open(db.appUrl, 1)
    await app.transaction(async (tx) => {
      await tx.execute(asSarah)
      expect((await tx.execute(sql`select app.user_id() as me`)).rows).toEqual([{ me: SAMPLE_USERS.sarah.id }])
    })
    expect((await app.execute(sql`select app.user_id() as me`)).rows).toEqual([{ me: null }])
  })

  test('takes a savepoint back without the transaction around it', async () => {
    await using app = open(db.appUrl)
    await app.transaction(async (tx) => {
      await tx.execute(asSarah)
      await expect(tx.transaction((inner) => inner.execute(sql`select 1 / 0`))).rejects.toThrow()
      expect(await tx.select().from(songs).where(song)).toHaveLength(1)
    })
  })

  test('tells the transaction’s id', async () => {
    await using app = open(db.appUrl)
    const { rows } = await app.execute<{ txid: string }>(sql`select pg_current_xact_id()::text as txid`)
    expect(rows[0]?.txid).toMatch(/^\d+$/)
  })

  test('survives the loss of an idle connection', async () => {
    await using app = open(db.appUrl, 1)
    const { rows } = await app.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
    await using admin = open(db.superuserUrl, 1)
    await admin.execute(sql`select pg_terminate_backend(${rows[0]?.pid}, 5000)`)
    // The first answer may still be the news of the loss.
    await app.execute(sql`select 1`).catch(() => {})
    expect((await app.execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }])
  })

  test('the role of the doors may start the app', async () => {
    await using app = open(db.appUrl)
    await expect(assertAppRole(app)).resolves.toBeUndefined()
  })

  test.each([
    ['the owner of the tables', () => db.ownerUrl, /backline_owner.*owns the tables.*backline_app/],
    ['a superuser', () => db.superuserUrl, /postgres.*bypasses row-level security.*backline_app/],
  ])('%s may not', async (_who, url, message) => {
    await using app = open(url())
    await expect(assertAppRole(app)).rejects.toThrow(message)
  })
})

test.each<[string, Record<string, string>, Driver]>([
  ['postgresql://u:p@ep-cool-1.eu-central-1.aws.neon.tech/db?sslmode=require', {}, 'neon'],
  ['postgresql://u:p@ep-cool-1-pooler.eu-central-1.aws.neon.tech:5432/db', {}, 'neon'],
  ['postgresql://u:p@127.0.0.1:5432/db', {}, 'pg'],
  ['postgresql://u:p@neon.tech.example.com/db', {}, 'pg'],
  ['postgresql://u:p@127.0.0.1:5432/db', { DATABASE_DRIVER: 'neon' }, 'neon'],
  ['postgresql://u:p@ep-cool-1.aws.neon.tech/db', { DATABASE_DRIVER: 'pg' }, 'pg'],
])('the driver for %s with %j is %s', (url, env, driver) => {
  expect(driverFor(url, env)).toBe(driver)
})
