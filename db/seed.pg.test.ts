import { compare } from 'bcryptjs'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { expect, test } from 'vitest'
import { allEntities } from '../entities'
import { type JsonRow, textIn } from '../lib/protocol/json'
import { testDatabase } from '../scripts/test/postgres'
import { NIGHT_SHIFT, PAPER_LIONS, SAMPLE_PASSWORD, SAMPLE_USERS } from './sample-ids'
import { syncedTables } from './schema'
import { seed } from './seed'

async function ask<T>(url: string, statement: string): Promise<T[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(statement)).rows as T[]
  } finally {
    await client.end()
  }
}

/** Every row of every table, without the clock of columns nobody set. */
async function everything(url: string): Promise<Record<string, unknown[]>> {
  const tables = await ask<{ name: string }>(url, `SELECT name FROM app.synced_table UNION SELECT 'users' ORDER BY 1`)
  const found: Record<string, unknown[]> = {}
  for (const { name } of tables) found[name] = await ask(url, `SELECT * FROM ${name} ORDER BY id`)
  return found
}

const today = new Date('2026-11-20T12:00:00Z')

test('seeding again changes nothing, and a new database on the same day gets the same rows', async () => {
  await using first = await testDatabase({ migrated: true })
  await seed({ ownerUrl: first.ownerUrl, today })
  const once = await everything(first.ownerUrl)
  await ask(first.ownerUrl, `UPDATE songs SET title = 'Changed by somebody' WHERE title = 'Night Shift'`)
  await seed({ ownerUrl: first.ownerUrl, today: new Date('2027-01-01T00:00:00Z') })
  const [changed] = await ask<{ title: string }>(first.ownerUrl, `SELECT title FROM songs WHERE version = 2`)
  expect(changed).toEqual({ title: 'Changed by somebody' })
  expect(countsOf(await everything(first.ownerUrl))).toEqual(countsOf(once))

  await using second = await testDatabase({ migrated: true })
  await seed({ ownerUrl: second.ownerUrl, today })
  expect(await everything(second.ownerUrl)).toEqual(once)
})

function countsOf(tables: Record<string, unknown[]>): Record<string, number> {
  return Object.fromEntries(Object.entries(tables).map(([name, rows]) => [name, rows.length]))
}

test('the sample is the one the product describes', async () => {
  await using db = await testDatabase({ seeded: true })
  const roles = await ask(
    db.ownerUrl,
    `SELECT b.name AS band, u.name, m.role FROM band_members m JOIN bands b ON b.id = m.band_id JOIN users u ON u.id = m.user_id ORDER BY b.name DESC, m.joined_at`,
  )
  expect(roles).toEqual([
    { band: 'The Night Shift', name: 'Sarah', role: 'owner' },
    { band: 'The Night Shift', name: 'Alex', role: 'collaborator' },
    { band: 'The Night Shift', name: 'Noah', role: 'collaborator' },
    { band: 'The Night Shift', name: 'Mia', role: 'viewer' },
    { band: 'Paper Lions', name: 'Olga', role: 'owner' },
    { band: 'Paper Lions', name: 'Noah', role: 'collaborator' },
  ])
  const [counts] = await ask(
    db.ownerUrl,
    `SELECT (SELECT count(*)::int FROM songs WHERE band_id = '${NIGHT_SHIFT}') AS songs,
       (SELECT count(*)::int FROM setlists WHERE band_id = '${NIGHT_SHIFT}') AS setlists,
       (SELECT count(*)::int FROM shows WHERE band_id = '${NIGHT_SHIFT}') AS shows,
       (SELECT count(*)::int FROM shows WHERE starts_at > now() AND status = 'confirmed' AND band_id = '${NIGHT_SHIFT}') AS coming,
       (SELECT count(*)::int FROM projects) AS projects,
       (SELECT count(*)::int FROM songs WHERE band_id = '${PAPER_LIONS}') AS lions`,
  )
  expect(counts).toEqual({ songs: 40, setlists: 6, shows: 8, coming: 3, projects: 2, lions: 6 })
  const owners = await ask(
    db.ownerUrl,
    `SELECT p.name, u.name AS owner FROM project_users m JOIN projects p ON p.id = m.project_id JOIN users u ON u.id = m.user_id WHERE m.role = 'owner' ORDER BY 1`,
  )
  expect(owners).toEqual([
    { name: 'Kitchen demos', owner: 'Alex' },
    { name: 'Night Shift EP', owner: 'Sarah' },
  ])
})

test('setlists name songs of their own band', async () => {
  await using db = await testDatabase({ seeded: true })
  const strays = await ask(
    db.ownerUrl,
    `SELECT s.name, i ->> 'song_id' AS song FROM setlists s, jsonb_array_elements(s.items) i
     WHERE i ->> 'kind' = 'song' AND NOT EXISTS (SELECT FROM songs WHERE id = (i ->> 'song_id')::uuid AND band_id = s.band_id)`,
  )
  expect(strays).toEqual([])
})

test('every sample account has the documented password and is marked as a sample', async () => {
  await using db = await testDatabase({ seeded: true })
  const accounts = await ask<{ email: string; password_hash: string; is_sample: boolean }>(
    db.ownerUrl,
    `SELECT * FROM users`,
  )
  expect(accounts.map(({ email }) => email).toSorted()).toEqual(
    Object.values(SAMPLE_USERS)
      .map(({ email }) => email)
      .toSorted(),
  )
  for (const { password_hash, is_sample } of accounts) {
    expect(is_sample).toBe(true)
    expect(await compare(SAMPLE_PASSWORD, password_hash)).toBe(true)
  }
})

test('every sample row is one its entity serves, under the key its entity derives', async () => {
  await using db = await testDatabase({ seeded: true })
  const client = new pg.Client(db.ownerUrl)
  await client.connect()
  const problems: string[] = []
  for (const entity of allEntities) {
    const table = syncedTables[entity.name as keyof typeof syncedTables]
    for (const row of (await drizzle(client).select().from(table)) as JsonRow[]) {
      const visible = Object.fromEntries(Object.entries(row).filter(([column]) => !entity.hidden.includes(column)))
      const parsed = entity.row.safeParse(visible)
      if (!parsed.success) problems.push(`${entity.name} ${textIn(row, 'id')}: ${JSON.stringify(parsed.error.issues)}`)
      const key = entity.derivedKey?.(row, textIn(row, 'user_id'))
      if (key !== undefined && key !== row['id']) problems.push(`${entity.name} ${textIn(row, 'id')} should be ${key}`)
    }
  }
  await client.end()
  expect(problems).toEqual([])
})
