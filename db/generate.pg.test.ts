import pg from 'pg'
import { expect, test } from 'vitest'
import { testDatabase } from '../scripts/test/postgres'
import { generateBands } from './generate'

test('a generated world has what was asked for, the same each time, and its people may use it', async () => {
  await using db = await testDatabase({ migrated: true })
  const size = { ownerUrl: db.ownerUrl, bands: 2, members: 3, songs: 50, messages: 120, conversations: 4 }
  const bands = await generateBands(size)
  expect(bands.map(({ members }) => members.length)).toEqual([3, 3])
  expect(await generateBands(size)).toEqual(bands)

  const client = new pg.Client(db.appUrl)
  await client.connect()
  await client.query('BEGIN')
  await client.query(`SELECT set_config('app.user_id', $1, true)`, [bands[0]?.members[0]?.id])
  const { rows } = await client.query(
    `SELECT (SELECT count(*)::int FROM songs) AS songs, (SELECT count(*)::int FROM messages) AS messages,
       (SELECT count(DISTINCT conversation_id)::int FROM messages) AS conversations, (SELECT array_agg(role ORDER BY role) FROM band_members) AS roles`,
  )
  await client.end()
  expect(rows).toEqual([
    { songs: 50, messages: 120, conversations: 4, roles: ['collaborator', 'collaborator', 'owner'] },
  ])
})
