import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { eventually } from '@/scripts/test/eventually'
import { testDatabase } from '@/scripts/test/postgres'
import { testShapeServer } from '../testing'

test('a shape that is removed while its snapshot is taken ends the reading of it, and leaves no file', async () => {
  await using db = await testDatabase()
  await using folder = await openFolder()
  await using server = await testShapeServer(db.superuserUrl, {
    ELECTRIC_STORAGE_DIR: folder.path,
    ELECTRIC_ENABLE_INTEGRATION_TESTING: 'true',
  })
  await server.sql.query(`CREATE TABLE held (id int PRIMARY KEY, v text);
    INSERT INTO held SELECT i, repeat('v', 1000) FROM generate_series(1, 2000) i`)
  // The table is published by the time another shape needs it.
  const other = { table: 'held', where: 'id = 1', offset: '-1' }
  await (await server.shape(other)).text()
  const holder = new pg.Client({ connectionString: db.superuserUrl })
  await holder.connect()
  await holder.query('BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE')
  const reader = server.shape({ table: 'held', offset: '-1' })
  const copies = () =>
    server.sql.query("SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY (SELECT%held%'")
  await eventually(async () => expect((await copies()).rows).toHaveLength(1))
  expect((await server.shape({ table: 'held' }, { method: 'DELETE' })).status).toBe(202)
  await holder.query('COMMIT')
  await holder.end()

  expect((await reader).status).toBe(409)
  await eventually(async () => expect((await copies()).rows).toHaveLength(0))
  const kept = (await server.shape(other)).headers.get('electric-handle')
  expect(snapshotsIn(folder.path)).toEqual([`${kept ?? ''}.snapshot`])
})

function snapshotsIn(dir: string): string[] {
  const found = readdirSync(path.join(dir, 'shapes'), { recursive: true, encoding: 'utf8' })
  return found.filter((file) => file.endsWith('.snapshot')).map((file) => path.basename(file))
}

async function openFolder() {
  const dir = await mkdtemp(path.join(tmpdir(), 'snapshots-'))
  return { path: dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}
