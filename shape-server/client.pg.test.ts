import { Shape, ShapeStream } from '@electric-sql/client'
import { expect, test } from 'vitest'
import { testDatabase } from '@/scripts/test/postgres'
import { testShapeServer } from './testing'

test.each([
  ['long poll', false],
  ['events', true],
])('PC1 Electric’s own client follows a shape by %s, through a truncation', async (_, liveSse) => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await server.sql.query(
    `CREATE TABLE items (id int PRIMARY KEY, n int8, tags text[], ok bool); INSERT INTO items VALUES (1, 5, '{a,"b c"}', true)`,
  )
  const stop = new AbortController()
  const stream = new ShapeStream({
    url: `${server.url}/v1/shape`,
    params: { table: 'items', where: 'id < $1', params: ['10'] },
    liveSse,
    signal: stop.signal,
  })
  // The client's own types do not hold under exactOptionalPropertyTypes.
  const shape = new Shape(stream as never)
  const shows = (test: (rows: Record<string, unknown>[]) => boolean) =>
    new Promise<void>((resolve) => {
      if (test(shape.currentRows)) return resolve()
      const unsubscribe = shape.subscribe(({ rows }) => {
        if (!test(rows)) return
        unsubscribe()
        resolve()
      })
    })
  expect(await shape.rows).toEqual([{ id: 1, n: 5n, tags: ['a', 'b c'], ok: true }])
  await server.sql.query(`INSERT INTO items VALUES (2, 6, '{}', false), (11, 0, NULL, NULL)`)
  await shows((rows) => rows.length === 2)
  await server.sql.query(`UPDATE items SET n = 7, id = 3 WHERE id = 2`)
  await shows((rows) => rows.some((row) => row['id'] === 3 && row['n'] === 7n) && rows.length === 2)
  await server.sql.query(`TRUNCATE items; INSERT INTO items VALUES (4, 1, '{}', true)`)
  await shows((rows) => rows.length === 1 && rows[0]?.['id'] === 4)
  stop.abort()
})

test('PC2 a client of events that comes back behind a transaction of several changes stays on its stream', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await server.sql.query('CREATE TABLE items (id int PRIMARY KEY)')
  const first = await server.shape({ table: 'items', offset: '-1' })
  const handle = first.headers.get('electric-handle') ?? ''
  await server.sql.query('BEGIN; INSERT INTO items VALUES (1); INSERT INTO items VALUES (2); COMMIT')
  const caughtUp = await server.shape({ table: 'items', offset: '0_inf', handle, live: 'true' })
  // All that the client keeps of the last batch is its transaction.
  const [tx = ''] = (caughtUp.headers.get('electric-offset') ?? '').split('_')
  const stop = new AbortController()
  const response = await server.shape(
    { table: 'items', offset: `${tx}_0`, handle, live: 'true', live_sse: 'true' },
    { signal: stop.signal },
  )
  const decoder = new TextDecoder()
  let text = ''
  let isWritten = false
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece as Uint8Array, { stream: true })
    if (text.includes('"id":"3"')) break
    if (!isWritten && text.includes('up-to-date')) {
      isWritten = true
      await server.sql.query('INSERT INTO items VALUES (3)')
    }
  }
  expect(text.match(/"id":"\d"/g)).toEqual(['"id":"2"', '"id":"3"'])
  stop.abort()
})
