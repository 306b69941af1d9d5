import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bootstrap } from '@/db/roles'
import { readSettings, type Settings } from '../env'
import { startEmbeddedPostgres } from '../postgres/embedded'
import { StartError } from '../start-error'
import { DATABASE_NAME, migrateEmbedded, migrateGiven } from '../supervisor/database'
import { loadSecrets } from '../supervisor/secrets'

/** The database that a data command works on; disposing it stops what was started for it. */
export type Target = AsyncDisposable & {
  ownerUrl: string
  /** Brings the tables up to date. */
  migrate(): Promise<void>
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The settings of this process; ends it with the problems where there are any. */
export function settingsOrExit(): Settings {
  const result = readSettings(process.env, root)
  if (result.kind === 'ok') return result.settings
  console.error(['The configuration cannot be used:', ...result.problems].join('\n  '))
  process.exit(1)
}

/** The name that a command which destroys data must be given for a database that we did not start. */
export function nameOfGiven({ database }: Settings): string | undefined {
  return database.kind === 'given' ? decodeURIComponent(new URL(database.ownerUrl).pathname.slice(1)) : undefined
}

/** Opens the database of DATABASE_URL_UNPOOLED, or starts the embedded one. */
export async function openTarget(settings: Settings): Promise<Target> {
  const { database } = settings
  if (database.kind === 'given') {
    return {
      ownerUrl: database.ownerUrl,
      migrate: () => migrateGiven(database),
      [Symbol.asyncDispose]: async () => {},
    }
  }
  const secrets = loadSecrets(settings.dataDir)
  const server = await startEmbeddedPostgres({
    dataDir: join(settings.dataDir, 'postgres'),
    password: secrets.superuserPassword,
  })
  await bootstrap({
    superuserUrl: server.superuserUrl(),
    database: DATABASE_NAME,
    ownerPassword: secrets.ownerPassword,
  })
  const ownerUrl = `postgresql://backline_owner:${secrets.ownerPassword}@127.0.0.1:${server.port}/${DATABASE_NAME}`
  return {
    ownerUrl,
    migrate: () =>
      migrateEmbedded({ ownerUrl, appPassword: secrets.appPassword, electricPassword: secrets.electricPassword }),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** Runs a data command; ends the process with a sentence where it cannot be done. */
export async function runDataCommand(act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    console.error(error instanceof StartError ? `${error.message}\n${error.advice}` : error)
    process.exitCode = 1
  }
}
