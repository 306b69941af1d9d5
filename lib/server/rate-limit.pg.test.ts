import { sql } from 'drizzle-orm'
import { expect, test, vi } from 'vitest'
import { openDatabase } from '@/db/client'
import { testDatabase } from '@/scripts/test/postgres'
import { parseLimits, retryAfterMs, takeFromLimit, type Limit } from './rate-limit'

// A window so long that the tests never see its end.
const limit: Limit = { name: 'test', max: 5, windowMs: 3_600_000_000 }

test('a limit holds across processes: of many attempts at once exactly the allowed number pass', async () => {
  await using db = await testDatabase({ migrated: true })
  await using one = openDatabase(db.appUrl)
  await using other = openDatabase(db.appUrl)
  const attempts = Array.from({ length: 20 }, (_, n) => takeFromLimit(n % 2 ? one : other, limit, 'sarah'))
  const refused = (await Promise.all(attempts)).filter((failure) => failure !== null)
  expect(refused).toHaveLength(15)
  for (const failure of refused) {
    expect(failure.code).toBe('rate_limited')
    expect(failure.retryAfterSeconds).toBeGreaterThanOrEqual(1)
  }
  // Others have their own.
  expect(await takeFromLimit(one, limit, 'alex')).toBeNull()
})

test('attempts of the window before count for as much of it as is still within reach', async () => {
  await using db = await testDatabase({ migrated: true })
  await using app = openDatabase(db.appUrl)
  await app.execute(sql`
    INSERT INTO rate_limits (key, "window", count)
    SELECT 'test:mia', to_timestamp(floor(extract(epoch FROM clock_timestamp()) / 3600000) * 3600000 - 3600000), 1000000
  `)
  expect((await takeFromLimit(app, limit, 'mia'))?.code).toBe('rate_limited')
})

test('just after a window that was used up nothing more is allowed', async () => {
  await using db = await testDatabase({ migrated: true })
  await using app = openDatabase(db.appUrl)
  // So long that its second one has just begun: the first lies all but a thousandth within reach.
  const windowSeconds = Math.floor(Date.now() / 1001)
  await app.execute(sql`INSERT INTO rate_limits (key, "window", count) VALUES ('test:olga', to_timestamp(0), 5)`)
  const refused = await takeFromLimit(app, { ...limit, windowMs: windowSeconds * 1_000 }, 'olga')
  expect(refused?.code).toBe('rate_limited')
})

test('counters that no limit looks at any more are removed on the way', async () => {
  await using db = await testDatabase({ migrated: true })
  await using app = openDatabase(db.appUrl)
  await app.execute(sql`
    INSERT INTO rate_limits (key, "window", count)
    VALUES ('old', clock_timestamp() - interval '3 hours', 1), ('young', clock_timestamp() - interval '1 hour', 1)
  `)
  // As a process that has just started does, and then every minute.
  vi.resetModules()
  const fresh = await import('./rate-limit')
  await fresh.takeFromLimit(app, { name: 'test', max: 5, windowMs: 1_000 }, 'noah')
  const { rows } = await app.execute(sql`SELECT key FROM rate_limits ORDER BY key`)
  expect(rows).toEqual([{ key: 'test:noah' }, { key: 'young' }])
})

test('the time to come back is when there is room for one more', () => {
  const second: Limit = { name: 'test', max: 10, windowMs: 1000 }
  // Ten now: until the next window begins and a tenth of this one has faded.
  expect(retryAfterMs({ elapsed: 0.5, previous: 0, current: 10 }, second)).toBeCloseTo(600)
  // Ten before, half faded, five now: a tenth of a window more.
  expect(retryAfterMs({ elapsed: 0.5, previous: 10, current: 5 }, second)).toBeCloseTo(100)
})

test('a limit that makes no sense is refused by name', () => {
  expect(parseLimits({}).writes.max).toBe(50)
  expect(parseLimits({ WRITES_PER_SECOND: '7' }).writes.max).toBe(7)
  for (const value of ['0', '-1', 'many', '1.5']) {
    expect(() => parseLimits({ WRITES_PER_SECOND: value })).toThrow(/WRITES_PER_SECOND must be/)
  }
})
