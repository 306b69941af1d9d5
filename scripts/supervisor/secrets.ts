import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { StartError } from '../start-error'

const secretsSchema = z.object({
  authSecret: z.string(),
  electricSecret: z.string(),
  superuserPassword: z.string(),
  ownerPassword: z.string(),
  appPassword: z.string(),
  electricPassword: z.string(),
})

/** The secrets of an installation that was not given any: generated once, kept for the account that runs it. */
export type Secrets = z.infer<typeof secretsSchema>

/** Reads `DATA_DIR/secrets.json`, or makes it; throws a StartError where it cannot be used. */
export function loadSecrets(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json')
  if (existsSync(file)) return readSecrets(file)
  if (existsSync(join(dataDir, 'postgres'))) {
    throw new StartError(
      'data-broken',
      `${file} is missing, and with it the passwords of the database in ${dataDir}.`,
      'Put the file back from a backup, or run `npm run db:reset` to begin with a fresh database.',
    )
  }
  return writeSecrets(dataDir, file)
}

function readSecrets(file: string): Secrets {
  let content: unknown
  try {
    chmodSync(file, 0o600)
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) throw unreadable(file)
    throw notPermitted(file)
  }
  const parsed = secretsSchema.safeParse(content)
  if (!parsed.success) throw unreadable(file)
  return parsed.data
}

function writeSecrets(dataDir: string, file: string): Secrets {
  const make = () => randomBytes(32).toString('base64url')
  const secrets: Secrets = {
    authSecret: make(),
    electricSecret: make(),
    superuserPassword: make(),
    ownerPassword: make(),
    appPassword: make(),
    electricPassword: make(),
  }
  try {
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  } catch {
    throw notPermitted(dataDir)
  }
  return secrets
}

function unreadable(file: string): StartError {
  return new StartError(
    'data-broken',
    `${file} is damaged: it does not hold the secrets of this installation.`,
    'Put the file back from a backup, or run `npm run db:reset` to begin with a fresh database.',
  )
}

function notPermitted(path: string): StartError {
  return new StartError(
    'no-permission',
    `You may not read and write ${path}.`,
    'Give it to your account (chown -R), or set DATA_DIR to a directory of your own.',
  )
}
