import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { refuseEditedMigrations } from './landed-migrations'

export interface MigrateOptions {
  /** Direct (unpooled) connection as the role that owns the database. */
  ownerUrl: string
  /** Sets the password of backline_app. */
  appPassword?: string | undefined
  /** Sets the password of backline_electric. */
  electricPassword?: string | undefined
  /** Where the migrations are; the project's own unless told. */
  folder?: string
}

/** How long a migration waits for a lock. While it waits, everybody else queues behind it, so it gives way and tries again. */
const LOCK_TIMEOUT_MS = 2_000
const ATTEMPTS = 10
const LOCK_NOT_AVAILABLE = '55P03'
const INSUFFICIENT_PRIVILEGE = '42501'
const MIGRATIONS = fileURLToPath(new URL('../drizzle', import.meta.url))

/**
 * Brings a database up to date: all pending migrations in one transaction, one migrator at a time, without holding up connected
 * clients for long. Nothing to do is fine. Throws what Postgres says when a migration fails, and `EditedMigration` when one is not what it
 * was when it ran here; then nothing is applied.
 */
export async function migrate({
  ownerUrl,
  appPassword,
  electricPassword,
  folder = MIGRATIONS,
}: MigrateOptions): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'backline migrate' })
  await client.connect()
  try {
    await client.query(`SELECT pg_advisory_lock(hashtext('backline migrations'))`)
    // IF NOT EXISTS and the like are no news.
    await client.query(`SET client_min_messages = warning`)
    await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`)
    await refuseEditedMigrations(client, folder)
    await applyPatiently(client, folder)
    await setPassword(client, 'backline_app', appPassword)
    await setPassword(client, 'backline_electric', electricPassword)
  } finally {
    // Ends the session, and with it the advisory lock.
    await client.end()
  }
}

async function applyPatiently(client: pg.Client, folder: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await applyMigrations(drizzle(client), { migrationsFolder: folder })
      return
    } catch (error) {
      if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE || attempt === ATTEMPTS) throw error
    }
  }
}

async function setPassword(client: pg.Client, role: string, password: string | undefined): Promise<void> {
  if (password === undefined) return
  try {
    await client.query(`ALTER ROLE ${pg.escapeIdentifier(role)} PASSWORD ${pg.escapeLiteral(password)}`)
  } catch (error) {
    if (sqlStateOf(error) !== INSUFFICIENT_PRIVILEGE) throw error
    // Made by somebody else, as on Neon's console: then its password is theirs to set, and a wrong one is told at the first connection.
    console.warn(`migrate: ${role} belongs to another role, its password stays as it is`)
  }
}

/** The SQLSTATE of a failed statement, also where Drizzle wraps what the driver threw. */
function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return sqlStateOf(error.cause)
}
