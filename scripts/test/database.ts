import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { migrate } from '@/db/migrate'
import { bootstrap } from '@/db/roles'
import { seed } from '@/db/seed'

/** A database of its own for one test, dropped when disposed. */
export type TestDatabase = AsyncDisposable & {
  name: string
  /** A name no other database of the cluster uses: replication slots are cluster-wide (ELECTRIC_REPLICATION_STREAM_ID). */
  streamId: string
  superuserUrl: string
  /** Role `backline_owner`, which owns the database and migrates. */
  ownerUrl: string
  /** Role `backline_app`, under row-level security: the doors. */
  appUrl: string
  /** Role `backline_electric`, which replicates: the sync service. */
  electricUrl: string
}

export type TestDatabaseOptions = {
  /** With all migrations applied. */
  migrated?: boolean
  /** With the sample data too. */
  seeded?: boolean
}

/** Makes a database on the cluster that `superuserUrl` leads to; migrated and seeded ones are copied from templates in about 100 ms. */
export async function createTestDatabase(
  superuserUrl: string,
  options: TestDatabaseOptions = {},
): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await asSuperuser(superuserUrl, async (client) => {
    await client.query(
      `CREATE DATABASE ${name} OWNER backline_owner TEMPLATE ${await templateFor(client, superuserUrl, options)}`,
    )
  })
  return {
    ...urlsOf(superuserUrl, name),
    name,
    streamId: name,
    [Symbol.asyncDispose]: () => asSuperuser(superuserUrl, (client) => dropDatabase(client, name)),
  }
}

const PASSWORDS = {
  backline_owner: 'owner-password',
  backline_app: 'app-password',
  backline_electric: 'electric-password',
}

function urlsOf(superuserUrl: string, name: string) {
  const urlOf = (user?: keyof typeof PASSWORDS) => {
    const url = new URL(superuserUrl)
    url.pathname = `/${name}`
    if (user) [url.username, url.password] = [user, PASSWORDS[user]]
    return url.href
  }
  return {
    superuserUrl: urlOf(),
    ownerUrl: urlOf('backline_owner'),
    appUrl: urlOf('backline_app'),
    electricUrl: urlOf('backline_electric'),
  }
}

/** The template's name, made by whoever comes first; test files run in several processes at once. */
async function templateFor(client: pg.Client, superuserUrl: string, options: TestDatabaseOptions): Promise<string> {
  const template = options.seeded ? 'template_seeded' : options.migrated ? 'template_migrated' : 'template1'
  await client.query(`SELECT pg_advisory_lock(hashtext('backline test templates'))`)
  try {
    await ensureRoles(client, superuserUrl)
    if (template !== 'template1') await ensureTemplate(client, superuserUrl, 'template_migrated', migrateTemplate)
    if (template === 'template_seeded') {
      await ensureTemplate(client, superuserUrl, template, ({ ownerUrl }) => seed({ ownerUrl }), 'template_migrated')
    }
    return template
  } finally {
    await client.query(`SELECT pg_advisory_unlock(hashtext('backline test templates'))`)
  }
}

type Urls = ReturnType<typeof urlsOf>

async function migrateTemplate({ ownerUrl }: Urls): Promise<void> {
  await migrate({ ownerUrl, appPassword: PASSWORDS.backline_app, electricPassword: PASSWORDS.backline_electric })
}

async function ensureTemplate(
  client: pg.Client,
  superuserUrl: string,
  template: string,
  fill: (urls: Urls) => Promise<void>,
  from = 'template1',
): Promise<void> {
  const { rowCount } = await client.query(`SELECT FROM pg_database WHERE datname = $1`, [template])
  if (rowCount) return
  // Under another name until it is complete: a template that failed half-way must not be copied.
  const draft = `${template}_draft`
  await client.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`)
  await client.query(`CREATE DATABASE ${draft} OWNER backline_owner TEMPLATE ${from}`)
  await fill(urlsOf(superuserUrl, draft))
  await client.query(`ALTER DATABASE ${draft} RENAME TO ${template}`)
}

async function ensureRoles(client: pg.Client, superuserUrl: string): Promise<void> {
  const { rowCount } = await client.query(`SELECT FROM pg_roles WHERE rolname = 'backline_owner'`)
  if (rowCount) return
  await bootstrap({ superuserUrl, database: 'postgres', ownerPassword: PASSWORDS.backline_owner })
  await client.query(`SET ROLE backline_owner`)
  await client.query(`CREATE ROLE backline_app LOGIN PASSWORD '${PASSWORDS.backline_app}'`)
  await client.query(`CREATE ROLE backline_electric LOGIN REPLICATION PASSWORD '${PASSWORDS.backline_electric}'`)
  await client.query(`RESET ROLE`)
}

/** A closed pool is on its way: its connections end within this time, and one that was ended by us would be an error nobody hears. */
const LEAVE_MS = 1000

async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  await client.query(
    `DO $$ BEGIN
      FOR attempt IN 1..${LEAVE_MS / 20} LOOP
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '${name}' AND backend_type = 'client backend');
        PERFORM pg_sleep(0.02);
      END LOOP;
    END $$`,
  )
  // FORCE does not end walsenders, and an active slot keeps the database; inactive slots go with it.
  await client.query(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1`, [name])
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
}

async function asSuperuser<T>(superuserUrl: string, act: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(superuserUrl)
  await client.connect()
  try {
    return await act(client)
  } finally {
    await client.end()
  }
}
