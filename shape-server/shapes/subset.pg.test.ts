import { once } from 'node:events'
import http from 'node:http'
import { expect, test } from 'vitest'
import { eventually } from '@/scripts/test/eventually'
import { testDatabase } from '@/scripts/test/postgres'
import { testShapeServer } from '../testing'

test('a subset whose reader goes away is read no further', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  // More than sockets hold: what is not taken is not read either.
  await server.sql.query(`CREATE TABLE wide (id int PRIMARY KEY, v text);
    INSERT INTO wide SELECT i, repeat('v', 10000) FROM generate_series(1, 4000) i`)
  const query = new URLSearchParams({ table: 'wide', log: 'changes_only', offset: 'now', subset__where: 'id > 0' })
  const request = http.get(`${server.url}/v1/shape?${query.toString()}`)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  expect(response.statusCode).toBe(200)
  response.destroy()
  // A session that is cut while it writes ends by a fatal error.
  await eventually(async () => {
    const found = await server.sql.query<{ cut: boolean }>(
      'SELECT sessions_fatal + sessions_abandoned > 0 AS cut FROM pg_stat_database WHERE datname = current_database()',
    )
    expect(found.rows).toEqual([{ cut: true }])
  })
})
