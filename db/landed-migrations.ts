import { readMigrationFiles, type MigrationMeta } from 'drizzle-orm/migrator'
import type pg from 'pg'

/**
 * Refuses migrations that this database could not follow. Drizzle runs what is younger than the last one it ran and looks at nothing else: a
 * file edited after it ran, or slipped in behind it, would leave this database unlike every fresh one, and nobody would be told.
 */
export async function refuseEditedMigrations(client: pg.Client, folder: string): Promise<void> {
  const ran = await readRun(client)
  const problems = findProblems(readMigrationFiles({ migrationsFolder: folder }), ran)
  if (problems.length > 0) throw new EditedMigration(problems.join(' '))
}

/** Migrations are not what they were when they ran. The message says which, and what to do. */
export class EditedMigration extends Error {
  override readonly name = 'EditedMigration'
}

interface Run {
  hash: string
  /** `when` of the journal. */
  created_at: string
}

async function readRun(client: pg.Client): Promise<Run[]> {
  const { rows: found } = await client.query(`SELECT to_regclass('drizzle.__drizzle_migrations') AS name`)
  if (found[0]?.name === null) return []
  return (await client.query<Run>(`SELECT hash, created_at FROM drizzle.__drizzle_migrations`)).rows
}

function findProblems(files: readonly MigrationMeta[], ran: readonly Run[]): string[] {
  const hashes = new Map(ran.map(({ hash, created_at }) => [Number(created_at), hash]))
  const last = Math.max(...hashes.keys())
  return files.flatMap(({ folderMillis, hash }, index) => {
    const name = `Migration ${String(index).padStart(4, '0')}`
    if (folderMillis > last || hashes.get(folderMillis) === hash) return []
    return hashes.has(folderMillis)
      ? `${name} was edited after this database had run it: put its file back as it was and the change into a new migration, or begin with a fresh database.`
      : `${name} is older than the last one that this database has run: generate it anew, or begin with a fresh database.`
  })
}
