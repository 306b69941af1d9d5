import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { throwawayCluster } from '../scripts/test/cluster'
import type { TestDatabase } from '../scripts/test/database'
import { testDatabase } from '../scripts/test/postgres'
import { migrate } from './migrate'
import { bootstrap } from './roles'
import * as schema from './schema'
import { syncedTables } from './schema'

const FOLDER = join(import.meta.dirname, '..', 'drizzle')

/** The migrations without the last `count`, as a release before had them. */
function olderMigrations(count: number): Disposable & { folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'backline-migrations-'))
  cpSync(FOLDER, folder, { recursive: true })
  editJournal(folder, (entries) => entries.slice(0, entries.length - count))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

function editJournal(folder: string, change: (entries: JournalEntry[]) => JournalEntry[]): void {
  const journalFile = join(folder, 'meta', '_journal.json')
  const journal: unknown = JSON.parse(readFileSync(journalFile, 'utf8'))
  if (!isJournal(journal)) throw new Error(`${journalFile} is no journal of drizzle-kit`)
  writeFileSync(journalFile, JSON.stringify({ ...journal, entries: change(journal.entries) }))
}

interface JournalEntry {
  tag: string
  when: number
}

/** How many migrations there are from this one on. */
function migrationsFrom(tag: string): number {
  const files = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
  return files.length - files.indexOf(`${tag}.sql`)
}

function isJournal(value: unknown): value is { entries: JournalEntry[] } {
  return typeof value === 'object' && value !== null && 'entries' in value && Array.isArray(value.entries)
}

async function ask<T>(url: string, statement: string): Promise<T[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(statement)).rows as T[]
  } finally {
    await client.end()
  }
}

/** Everything a migration could change, as comparable text. */
const SHAPE = `
  SELECT 'column' AS kind, table_name || '.' || column_name AS name, data_type || is_nullable || coalesce(column_default, '') AS value
  FROM information_schema.columns WHERE table_schema IN ('public', 'app')
  UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT 'policy', tablename || '.' || policyname, cmd || coalesce(qual, '') || coalesce(with_check, '') FROM pg_policies
  UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT 'function', p.oid::regprocedure::text, md5(prosrc) FROM pg_proc p WHERE pronamespace = to_regnamespace('app')
  UNION ALL SELECT 'published', tablename, '' FROM pg_publication_tables
  ORDER BY 1, 2, 3`

test('an empty database gets everything; a second run changes nothing', async () => {
  await using db = await testDatabase()
  await migrate({ ownerUrl: db.ownerUrl })
  const once = await ask(db.ownerUrl, SHAPE)
  expect(once.length).toBeGreaterThan(300)
  await migrate({ ownerUrl: db.ownerUrl })
  expect(await ask(db.ownerUrl, SHAPE)).toEqual(once)
})

test.each([1, 2])('a database %i version(s) behind catches up, and connected clients go on', async (behind) => {
  await using fresh = await testDatabase({ migrated: true })
  await using db = await testDatabase()
  {
    using older = olderMigrations(behind)
    await migrate({ ownerUrl: db.ownerUrl, folder: older.folder })
  }
  // A client of the release before, connected and in the middle of something.
  const client = new pg.Client(db.superuserUrl)
  await client.connect()
  await client.query(`INSERT INTO bands (id, name) VALUES (gen_random_uuid(), 'Before')`)
  await client.query('BEGIN')
  await client.query('SELECT * FROM rate_limits')
  const upgrade = migrate({ ownerUrl: db.ownerUrl })
  expect((await client.query('SELECT name FROM bands')).rows).toEqual([{ name: 'Before' }])
  await client.query('COMMIT')
  await upgrade
  expect((await client.query('SELECT name FROM bands')).rows).toEqual([{ name: 'Before' }])
  await client.end()
  expect(await ask(db.ownerUrl, SHAPE)).toEqual(await ask(fresh.ownerUrl, SHAPE))
})

test('a migration that waits for a busy table lets everybody else through meanwhile', async () => {
  await using db = await testDatabase()
  {
    // Before the migration that locks every table for its policies.
    using older = olderMigrations(migrationsFrom('0003_access'))
    await migrate({ ownerUrl: db.ownerUrl, folder: older.folder })
  }
  const clients = [1, 2, 3].map(() => new pg.Client(db.superuserUrl)) as [pg.Client, pg.Client, pg.Client]
  const [busy, watcher, reader] = clients
  await Promise.all(clients.map((client) => client.connect()))
  await busy.query('BEGIN')
  await busy.query('SELECT * FROM songs')
  const upgrade = migrate({ ownerUrl: db.ownerUrl })
  while (
    (await watcher.query(`SELECT FROM pg_locks WHERE NOT granted AND relation = 'songs'::regclass`)).rowCount === 0
  );
  // This queues behind the migration, which gives way although the busy client goes on.
  await reader.query('SELECT * FROM songs')
  await busy.query('COMMIT')
  await upgrade
  await Promise.all(clients.map((client) => client.end()))
  expect(
    await ask(db.ownerUrl, `SELECT policyname FROM pg_policies WHERE tablename = 'songs' AND policyname = 'reads'`),
  ).toHaveLength(1)
})

test('several migrators at once: one works, the others find it done', async () => {
  await using db = await testDatabase()
  await Promise.all([1, 2, 3].map(() => migrate({ ownerUrl: db.ownerUrl })))
  const [applied] = await ask<{ count: number }>(db.ownerUrl, `SELECT count(*)::int FROM drizzle.__drizzle_migrations`)
  const journal: unknown = JSON.parse(readFileSync(join(FOLDER, 'meta', '_journal.json'), 'utf8'))
  expect(isJournal(journal) && journal.entries.length).toBe(applied?.count)
})

test('a migration that fails leaves nothing behind', async () => {
  await using db = await testDatabase()
  using broken = olderMigrations(1)
  writeFileSync(
    join(broken.folder, '0002_sync.sql'),
    'CREATE TABLE half (id int);\n--> statement-breakpoint\nSELECT 1 / 0;',
  )
  await expect(migrate({ ownerUrl: db.ownerUrl, folder: broken.folder })).rejects.toThrow()
  expect(await ask(db.ownerUrl, SHAPE)).toEqual([])
  await migrate({ ownerUrl: db.ownerUrl })
})

test.each<[string, (folder: string) => void, string]>([
  [
    'edited after it ran',
    (folder) => appendFileSync(join(folder, '0003_access.sql'), 'SELECT 1;'),
    'Migration 0003 was edited after this database had run it: put its file back as it was and the change into a new migration, or begin with a fresh database.',
  ],
  [
    'slipped in behind those that ran',
    (folder) => {
      writeFileSync(join(folder, '0001_late.sql'), 'SELECT 1;')
      editJournal(folder, (entries) => {
        const [first] = entries
        if (!first) throw new Error('there are no migrations')
        return entries.toSpliced(1, 0, { ...first, tag: '0001_late', when: first.when + 1 })
      })
    },
    'Migration 0001 is older than the last one that this database has run: generate it anew, or begin with a fresh database.',
  ],
])('a migration that was %s is refused, and nothing is applied', async (_, change, message) => {
  await using db = await testDatabase()
  using older = olderMigrations(1)
  await migrate({ ownerUrl: db.ownerUrl, folder: older.folder })
  const before = await ask(db.ownerUrl, SHAPE)
  using changed = olderMigrations(0)
  change(changed.folder)
  await expect(migrate({ ownerUrl: db.ownerUrl, folder: changed.folder })).rejects.toThrow(message)
  expect(await ask(db.ownerUrl, SHAPE)).toEqual(before)
  await migrate({ ownerUrl: db.ownerUrl })
})

test('a release before the one that migrated finds nothing to do', async () => {
  await using db = await testDatabase({ migrated: true })
  using older = olderMigrations(1)
  await migrate({ ownerUrl: db.ownerUrl, folder: older.folder })
})

test('bootstrap makes owner and database once, and the owner can do the rest', async () => {
  const superuserUrl = inject('postgresUrl')
  const name = `boot_${process.pid}`
  const url = (user: string, password: string) => {
    const each = new URL(superuserUrl)
    ;[each.username, each.password, each.pathname] = [user, password, `/${name}`]
    return each.href
  }
  try {
    // The password the other tests of this cluster use.
    await bootstrap({ superuserUrl, database: name, ownerPassword: 'owner-password' })
    await bootstrap({ superuserUrl, database: name, ownerPassword: 'owner-password' })
    await migrate({
      ownerUrl: url('backline_owner', 'owner-password'),
      appPassword: 'app-password',
      electricPassword: 'electric-password',
    })
    expect(await ask(url('backline_app', 'app-password'), 'SELECT * FROM songs')).toEqual([])
    expect(await ask(url('backline_electric', 'electric-password'), 'SELECT * FROM songs')).toEqual([])
  } finally {
    await ask(superuserUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  }
})

test('an owner who may not make the replicating role is told what to do, and goes on once it is there', async () => {
  await using cluster = await throwawayCluster()
  const ownerUrl = new URL(cluster.superuserUrl('limited'))
  ;[ownerUrl.username, ownerUrl.password] = ['limited', 'limited']
  await ask(cluster.superuserUrl(), `CREATE ROLE limited LOGIN CREATEROLE PASSWORD 'limited'`)
  await ask(cluster.superuserUrl(), 'CREATE DATABASE limited OWNER limited')
  const failure = await migrate({ ownerUrl: ownerUrl.href }).catch((error: unknown) => error)
  expect(causeOf(failure)).toMatchObject({
    message: 'The role limited may not create backline_electric, which replicates.',
    hint: expect.stringContaining('Neon: the console'),
  })
  // As Neon's console does it: the role is somebody else's, so its password is not ours to set.
  await ask(cluster.superuserUrl(), `CREATE ROLE backline_electric LOGIN REPLICATION PASSWORD 'theirs'`)
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
  await migrate({ ownerUrl: ownerUrl.href, appPassword: 'app', electricPassword: 'ours' })
  expect(warned).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('backline_electric'))
  warned.mockRestore()
  const electricUrl = new URL(cluster.superuserUrl('limited'))
  ;[electricUrl.username, electricUrl.password] = ['backline_electric', 'theirs']
  expect(await ask(electricUrl.href, 'SELECT * FROM songs')).toEqual([])
})

/** What Postgres said, under what Drizzle wraps around it. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error
}

test('only the doors call the functions of the database, and only what they need', async () => {
  await using db = await testDatabase({ migrated: true })
  const callable = (role: string) =>
    ask<{ name: string }>(
      db.superuserUrl,
      `SELECT p.proname AS name FROM pg_proc p WHERE p.pronamespace = 'app'::regnamespace AND has_function_privilege('${role}', p.oid, 'EXECUTE')`,
    )
  expect(await callable('backline_electric')).toEqual([])
  const names = (await callable('backline_app')).map(({ name }) => name)
  expect(names).toContain('accept_invite')
  expect(
    names.filter((name) =>
      /^(rules_|stamp|keep_|check_|sync_table|content_tables|name_member|demand_owner)/.test(name),
    ),
  ).toEqual([])
})

test('the roles are what they should be, and nothing more', async () => {
  await using db = await testDatabase({ migrated: true })
  const roles = await ask(
    db.superuserUrl,
    `SELECT rolname, rolsuper, rolbypassrls, rolreplication, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles
     WHERE rolname IN ('backline_app', 'backline_electric') ORDER BY 1`,
  )
  const plain = { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false, rolcanlogin: true }
  expect(roles).toEqual([
    { rolname: 'backline_app', rolreplication: false, ...plain },
    { rolname: 'backline_electric', rolreplication: true, ...plain },
  ])
  const grants = await ask<{ name: string }>(
    db.superuserUrl,
    `SELECT DISTINCT table_name AS name FROM information_schema.role_table_grants WHERE grantee = 'backline_electric' AND privilege_type = 'SELECT'`,
  )
  expect(grants.map(({ name }) => name).toSorted()).toEqual(Object.keys(syncedTables).toSorted())
  expect(
    await ask(
      db.superuserUrl,
      `SELECT * FROM information_schema.role_table_grants WHERE grantee = 'backline_electric' AND privilege_type <> 'SELECT'`,
    ),
  ).toEqual([])
})

describe('every table of an entity is installed for sync', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await testDatabase({ migrated: true })
  })
  afterAll(() => db[Symbol.asyncDispose]())

  test.each(Object.entries(syncedTables))('%s', async (name, table) => {
    const [found] = await ask<Record<string, unknown>>(
      db.superuserUrl,
      `SELECT c.relrowsecurity, c.relreplident, s.scope_column,
       EXISTS (SELECT FROM pg_publication_tables p WHERE p.pubname = 'electric_publication_default' AND p.tablename = c.relname) AS published,
       array(SELECT tgname::text FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) AS triggers,
       array(SELECT roles::text || cmd FROM pg_policies p WHERE p.tablename = c.relname AND 'backline_electric' = ANY (roles)) AS electric
     FROM pg_class c JOIN app.synced_table s ON s.name = c.relname WHERE c.relname = '${name}' AND c.relnamespace = 'public'::regnamespace`,
    )
    expect(found).toMatchObject({
      relrowsecurity: true,
      relreplident: 'f',
      published: true,
      electric: ['{backline_electric}SELECT'],
    })
    expect(found?.['triggers']).toEqual(expect.arrayContaining(name === 'presence' ? ['fixed'] : ['fixed', 'stamp']))
    const columns = getTableColumns(table)
    expect(getTableName(table)).toBe(name)
    expect(Object.keys(columns)).toContain(found?.['scope_column'])
    // Values that clients and Postgres print differently have no place in a synced table.
    const types = Object.values(columns).map((column) => column.getSQLType())
    expect(
      types.filter(
        (type) => !['uuid', 'text', 'text[]', 'integer', 'jsonb', 'timestamptz(3)', 'boolean'].includes(type),
      ),
    ).toEqual([])
  })
})

test('the migrations make exactly the tables that the definitions say', async () => {
  await using db = await testDatabase({ migrated: true })
  const made = await ask<{ line: string }>(
    db.ownerUrl,
    `SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END AS line
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped`,
  )
  const tables = Object.values(schema).filter((each) => is(each, PgTable))
  const defined = tables.flatMap((table) =>
    Object.values(getTableColumns(table)).map((column) => {
      const type = column.getSQLType().replace('timestamptz(3)', 'timestamp(3) with time zone')
      return `${getTableName(table)}.${column.name} ${type}${column.notNull ? ' not null' : ''}`
    }),
  )
  expect(made.map(({ line }) => line).toSorted()).toEqual(defined.toSorted())
})

test('backline_electric reads every synced table whole, and can replicate', async () => {
  await using db = await testDatabase({ seeded: true })
  const counts = (url: string) =>
    ask(url, `SELECT (SELECT count(*) FROM songs) AS songs, (SELECT count(*) FROM messages) AS messages`)
  expect(await counts(db.electricUrl)).toEqual(await counts(db.superuserUrl))
  await ask(db.electricUrl, `SELECT pg_create_logical_replication_slot('slot_${db.name}', 'pgoutput')`)
  await expect(ask(db.electricUrl, 'SELECT * FROM users')).rejects.toThrow(/permission denied/)
})
