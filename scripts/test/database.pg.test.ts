import pg from 'pg'
import { expect, test } from 'vitest'
import { testDatabase } from './postgres'

async function ask<T>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(sql)).rows as T[]
  } finally {
    await client.end()
  }
}

test('each role reaches the database under its own name', async () => {
  await using db = await testDatabase()
  for (const [url, name] of [
    [db.ownerUrl, 'backline_owner'],
    [db.appUrl, 'backline_app'],
    [db.electricUrl, 'backline_electric'],
  ] as const) {
    expect(await ask(url, 'select current_user as name, current_database() as db')).toEqual([{ name, db: db.name }])
  }
})

test('a database is gone once disposed, replication slots in use included', async () => {
  let name: string
  let superuserUrl: string
  {
    await using db = await testDatabase()
    ;({ name } = db)
    superuserUrl = db.superuserUrl.replace(name, 'postgres')
    await ask(db.superuserUrl, `select pg_create_logical_replication_slot('slot_${name}', 'pgoutput')`)
    const idle = new pg.Client(db.appUrl)
    idle.on('error', () => {})
    await idle.connect()
  }
  expect(await ask(superuserUrl, `select datname from pg_database where datname = '${name}'`)).toEqual([])
  expect(await ask(superuserUrl, `select slot_name from pg_replication_slots where database = '${name}'`)).toEqual([])
})

test('a migrated database has the tables, and row-level security binds the app to them', async () => {
  await using db = await testDatabase({ migrated: true })
  expect(await ask(db.ownerUrl, `select relrowsecurity as secured from pg_class where relname = 'songs'`)).toEqual([
    { secured: true },
  ])
  expect(await ask(db.appUrl, `select count(*)::int as n from songs`)).toEqual([{ n: 0 }])
})

test('a seeded database has the sample people', async () => {
  await using db = await testDatabase({ seeded: true })
  const people = await ask(db.superuserUrl, `select email from users where email = 'sarah@backline.test'`)
  expect(people).toEqual([{ email: 'sarah@backline.test' }])
})
