import { expect, test } from 'vitest'
import { testDatabase } from '@/scripts/test/postgres'
import { Subject } from '@/conformance/target'
import { testShapeServer } from './testing'

async function subjectOn(databaseUrl: string, url: string): Promise<Subject> {
  return Promise.resolve(
    new Subject({
      url,
      databaseUrl,
      secret: null,
      longPollTimeoutMs: 20_000,
      chunkBytes: 10_485_760,
      deletesEnabled: false,
    }),
  )
}

test('PX1 a subquery filters snapshot and log, and the shape ends when it returns something else', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await using subject = await subjectOn(db.superuserUrl, server.url)
  const members = await subject.table('id int PRIMARY KEY, band int, active bool')
  const songs = await subject.table('id int PRIMARY KEY, band int, title text')
  await subject.sql(
    `INSERT INTO ${members} VALUES (1, 10, true), (2, 20, false); INSERT INTO ${songs} VALUES (1, 10, 'a'), (2, 20, 'b')`,
  )
  const where = `band IN (SELECT band FROM ${members} WHERE active AND id = $1)`
  const reader = await subject.follow({ table: songs, where, 'params[1]': '1' })
  expect(reader.rows.map((row) => row.value?.['id'])).toEqual(['1'])
  await subject.sql(`INSERT INTO ${songs} VALUES (3, 20, 'no'), (4, 10, 'yes')`)
  const { messages } = await reader.live()
  expect(messages.filter((message) => message.key).map((message) => message.value?.['id'])).toEqual(['4'])
  // A change that does not touch what the subquery returns is none.
  await subject.sql(`UPDATE ${members} SET active = true WHERE id = 2; UPDATE ${songs} SET title = 'z' WHERE id = 1`)
  expect((await reader.live()).messages[0]?.value).toEqual({ id: '1', title: 'z' })
  const waiting = subject.shape(reader.next({ live: 'true' }))
  await subject.sql(`UPDATE ${members} SET band = 20 WHERE id = 1`)
  expect((await waiting).status).toBe(409)
  const again = await subject.follow({ table: songs, where, 'params[1]': '1' })
  expect(again.rows.map((row) => row.value?.['id'])).toEqual(['2', '3'])
})

test('PX2 NOT IN and nulls follow SQL, and several columns are compared together', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await using subject = await subjectOn(db.superuserUrl, server.url)
  const hidden = await subject.table('a int, b text')
  const rows = await subject.table('id int PRIMARY KEY, a int, b text')
  await subject.sql(`INSERT INTO ${hidden} VALUES (1, 'x')`)
  const pairs = await subject.follow({ table: rows, where: `(a, b) IN (SELECT a, b FROM ${hidden})` })
  const others = await subject.follow({ table: rows, where: `a NOT IN (SELECT a FROM ${hidden})` })
  await subject.sql(`INSERT INTO ${rows} VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'x'), (4, NULL, 'x')`)
  const ids = (messages: { key?: string; value?: Record<string, string | null> }[]) =>
    messages.filter((message) => message.key).map((message) => message.value?.['id'])
  expect(ids((await pairs.live()).messages)).toEqual(['1'])
  expect(ids((await others.live()).messages)).toEqual(['3'])
})

test.each([
  ['id IN (SELECT id + 1 FROM TABLE)', 'At location 14: Expected a plain column reference'],
  ['id IN (SELECT id FROM TABLE LIMIT 1)', 'At location 3: SELECT statement must not contain any clauses'],
  [
    'id + 1 IN (SELECT id FROM TABLE)',
    'At location 7: currently, left side of `IN (SELECT ...)` can only be a column reference or a list of column references',
  ],
  [
    'id IN (SELECT t FROM TABLE)',
    'At location 3: left side of `IN (SELECT ...)` has type int4 but subquery returns text',
  ],
  ['exists(SELECT 1 FROM TABLE)', 'At location 14: Expected a plain column reference'],
])('PX3 refuses %s', async (clause, error) => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await using subject = await subjectOn(db.superuserUrl, server.url)
  const table = await subject.table('id int PRIMARY KEY, t text')
  const response = await subject.shape({ table, offset: '-1', where: clause.replace('TABLE', table) })
  expect(await response.json()).toEqual({ message: 'Invalid request', errors: { where: [error] } })
})

test('PX4 refuses a subquery that is asked for both ways in one filter, also when it is written differently', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await using subject = await subjectOn(db.superuserUrl, server.url)
  const members = await subject.table('id int PRIMARY KEY, band int, active bool')
  const songs = await subject.table('id int PRIMARY KEY, band int, other int')
  const inner = `SELECT band FROM ${members} WHERE active`
  const ask = (where: string) => subject.shape({ table: songs, offset: '-1', where })
  for (const where of [
    `band IN (${inner}) OR other NOT IN (${inner})`,
    `band IN (${inner}) AND NOT (id = 1 OR other IN (select  band from ${members} where active))`,
    `id IN (SELECT id FROM ${songs} WHERE band IN (${inner}) OR other NOT IN (${inner}))`,
  ]) {
    const response = await ask(where)
    expect(response.status, where).toBe(400)
    expect(await response.json()).toEqual({
      message: 'Invalid request',
      errors: {
        where: ['a subquery dependency cannot be used with both positive and negative polarity in the same filter'],
      },
    })
  }
  for (const where of [
    `band NOT IN (${inner}) AND other NOT IN (${inner})`,
    `NOT (band NOT IN (${inner})) OR other IN (${inner})`,
    `band IN (${inner}) AND other NOT IN (SELECT band FROM ${members} WHERE NOT active)`,
  ]) {
    expect((await ask(where)).status, where).toBe(200)
  }
})

test('PX5 refuses compaction together with subqueries', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await using subject = await subjectOn(db.superuserUrl, server.url)
  const table = await subject.table('id int PRIMARY KEY')
  const where = `id IN (SELECT id FROM ${table})`
  const response = await subject.shape({ table, offset: '-1', where, experimental_compaction: 'true' })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ errors: { experimental_compaction: [expect.any(String)] } })
})
