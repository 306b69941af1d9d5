import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { openDatabase, type Database } from '@/db/client'
import { NIGHT_SHIFT, SAMPLE_USERS } from '@/db/sample-ids'
import { insert } from '@/scripts/test/sample-band'
import { testDatabase } from '@/scripts/test/postgres'
import { applyWrites, type Drained } from './apply-writes'
import { readWrite } from './received'

const sender = { session: { user_id: SAMPLE_USERS.sarah.id, session_version: 1 }, clientId: null }
const batch = () =>
  ['One', 'Two'].map((title) =>
    readWrite({ id: randomUUID(), ...insert('songs', { band_id: NIGHT_SHIFT, title: `Tried again: ${title}` }) }),
  )

/** A database that ends transactions with this error when all is done but the commit: the first `times` of them. */
function failing(db: Database, code: string, times: number): Pick<Database, 'transaction'> & { failures: number } {
  const failing = {
    failures: 0,
    transaction: ((run, config) =>
      db.transaction(async (tx) => {
        const result = await run(tx)
        if (failing.failures >= times) return result
        failing.failures += 1
        throw Object.assign(new Error('a query failed'), { cause: Object.assign(new Error('refused'), { code }) })
      }, config)) satisfies Database['transaction'],
  }
  return failing
}

function resultsOf(drained: Drained) {
  return drained.ok ? drained.answers.map(({ result }) => result) : drained.failure
}

test.each([
  ['40P01', 'a deadlock'],
  ['40001', 'a serialization failure'],
])('%s, %s, redoes the whole transaction and is nobody’s outcome', async (code) => {
  await using testDb = await testDatabase({ seeded: true })
  await using db = openDatabase(testDb.appUrl)
  const writes = batch()
  const flaky = failing(db, code, 3)
  const done = await applyWrites(flaky, sender, writes)
  expect(flaky.failures).toBe(3)
  const applied = { status: 'applied', version: 1, txid: expect.any(String) }
  expect(resultsOf(done)).toMatchObject([applied, applied])
  // The redone transaction is the one that is remembered.
  expect(resultsOf(await applyWrites(db, sender, writes))).toEqual(resultsOf(done))
})

test('a batch that never gets through is told to come back, and left nothing', async () => {
  await using testDb = await testDatabase({ seeded: true })
  await using db = openDatabase(testDb.appUrl)
  const writes = batch()
  const stuck = failing(db, '40P01', Number.POSITIVE_INFINITY)
  expect(await applyWrites(stuck, sender, writes)).toMatchObject({
    ok: false,
    failure: { code: 'unavailable', retryAfterSeconds: 1 },
  })
  expect(resultsOf(await applyWrites(db, sender, writes))).toMatchObject([
    { status: 'applied', version: 1 },
    { status: 'applied', version: 1 },
  ])
})
