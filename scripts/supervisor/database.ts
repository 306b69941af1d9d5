import { join } from 'node:path'
import { EditedMigration } from '@/db/landed-migrations'
import { migrate, type MigrateOptions } from '@/db/migrate'
import { bootstrap } from '@/db/roles'
import { seed } from '@/db/seed'
import type { DatabaseSetting } from '../env'
import { startEmbeddedPostgres } from '../postgres/embedded'
import { StartError } from '../start-error'
import type { Context } from './context'
import { createPostgresFilter } from './log'
import { loadSecrets } from './secrets'

/** Where the other parts find the database; no electricUrl means that somebody else runs the sync service. */
export type Database = { appUrl: string; ownerUrl: string; electricUrl: string | undefined }

type GivenDatabase = Extract<DatabaseSetting, { kind: 'given' }>

export const DATABASE_NAME = 'backline'

/** Starts the embedded PostgreSQL, or takes the given database, and brings its tables up to date. */
export async function startDatabase(context: Context): Promise<Database> {
  const { database } = context.settings
  switch (database.kind) {
    case 'embedded':
      return startEmbedded(context)
    case 'given':
      context.log('database', `applying migrations to the database at ${new URL(database.ownerUrl).host}`)
      await migrateGiven(database)
      return database
  }
}

async function startEmbedded(context: Context): Promise<Database> {
  const { settings, log, mode } = context
  const secrets = loadSecrets(settings.dataDir)
  log('postgres', 'starting PostgreSQL (the first start makes the database, about a second)')
  const isTelling = createPostgresFilter()
  const server = await startEmbeddedPostgres({
    dataDir: join(settings.dataDir, 'postgres'),
    ...(settings.ports.postgres === 0 ? {} : { port: settings.ports.postgres }),
    password: secrets.superuserPassword,
    onLog: (line) => {
      if (isTelling(line) && !context.signal.aborted) log('postgres', line)
    },
  })
  context.running({
    name: 'postgres',
    exited: server.exited.then(({ code, signal }) => `ended (${signal ?? `exit code ${code}`})`),
    stop: () => server.stop('fast'),
  })
  context.signal.throwIfAborted()
  log('postgres', `listening on 127.0.0.1:${server.port}`)
  await bootstrap({
    superuserUrl: server.superuserUrl(),
    database: DATABASE_NAME,
    ownerPassword: secrets.ownerPassword,
  })
  const urlOf = (user: string, password: string) =>
    `postgresql://${user}:${password}@127.0.0.1:${server.port}/${DATABASE_NAME}`
  const ownerUrl = urlOf('backline_owner', secrets.ownerPassword)
  log('database', 'applying migrations')
  await migrateEmbedded({ ownerUrl, appPassword: secrets.appPassword, electricPassword: secrets.electricPassword })
  if (mode === 'dev') {
    log('database', 'loading the sample data where it is missing')
    await seed({ ownerUrl })
  }
  return {
    ownerUrl,
    appUrl: urlOf('backline_app', secrets.appPassword),
    electricUrl: urlOf('backline_electric', secrets.electricPassword),
  }
}

/** Brings the embedded database up to date. */
export async function migrateEmbedded(options: MigrateOptions): Promise<void> {
  try {
    await migrate(options)
  } catch (error) {
    if (!(error instanceof EditedMigration)) throw error
    throw new StartError('data-broken', error.message, '`npm run db:reset` makes a fresh one.')
  }
}

/** Migrates a database that we did not start; with a superuser's connection it makes the owner and the database first. */
export async function migrateGiven({ ownerUrl, appUrl, electricUrl, superuserUrl }: GivenDatabase): Promise<void> {
  try {
    if (superuserUrl !== undefined) {
      const database = decodeURIComponent(new URL(ownerUrl).pathname.slice(1))
      await bootstrap({ superuserUrl, database, ownerPassword: passwordOf(ownerUrl) })
    }
    await migrate({
      ownerUrl,
      appPassword: passwordOf(appUrl),
      ...(electricUrl === undefined ? {} : { electricPassword: passwordOf(electricUrl) }),
    })
  } catch (error) {
    throw new StartError(
      'part-failed',
      `The database at ${new URL(ownerUrl).host} could not be migrated: ${reasonOf(error)}`,
      'Check DATABASE_URL_UNPOOLED: it must lead there directly (not through a pooler), as a role that may create tables and roles.',
    )
  }
}

function passwordOf(url: string): string {
  return decodeURIComponent(new URL(url).password)
}

/** A refused connection to a name with several addresses is an AggregateError without a message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
