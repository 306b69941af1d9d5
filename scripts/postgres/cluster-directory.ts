import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { StartError } from '../start-error'
import { POSTGRES_MAJOR } from './binaries'
import { giveTo, type Launch, launchCommand } from './unprivileged'

type ClusterOptions = {
  dataDir: string
  initdb: string
  launch: Launch
  password: string
  settings: Record<string, string> | undefined
}

/** Makes the cluster's files if they are not there yet, all or nothing; throws a StartError where what is there cannot be used. */
export async function ensureCluster(options: ClusterOptions): Promise<void> {
  const { dataDir } = options
  const isEmpty = readable(dataDir, () => !existsSync(dataDir) || readdirSync(dataDir).length === 0)
  if (isEmpty) return createCluster(options)
  const version = readable(dataDir, () => readIfThere(`${dataDir}/PG_VERSION`))?.trim()
  if (version === String(POSTGRES_MAJOR)) return
  const what =
    version === undefined ? 'holds files that are not a PostgreSQL database' : `was made by PostgreSQL ${version}`
  throw new StartError(
    'data-broken',
    `${dataDir} ${what}; this version of Backline runs PostgreSQL ${POSTGRES_MAJOR}.`,
    'Move the directory away and start again, run `npm run db:reset` to begin with fresh sample data, or set DATA_DIR to another directory.',
  )
}

/** The generated password of the superuser, kept beside the data directory for this account's eyes only. */
export function superuserPassword(dataDir: string): string {
  const file = `${dataDir}.password`
  const kept = readIfThere(file)?.trim()
  if (kept) return kept
  const password = randomBytes(24).toString('base64url')
  permitted(dirname(file), () => {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${password}\n`, { mode: 0o600 })
  })
  return password
}

async function createCluster({ dataDir, initdb, launch, password, settings }: ClusterOptions): Promise<void> {
  // A run that is killed half-way leaves only this directory, never half a cluster under the real name.
  const draft = `${dataDir}.new`
  const passwordFile = `${dataDir}.pwfile`
  permitted(dirname(dataDir), () => {
    rmSync(draft, { recursive: true, force: true })
    mkdirSync(draft, { recursive: true, mode: 0o700 })
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
    giveTo(launch, draft)
    giveTo(launch, passwordFile)
  })
  const flags = ['-D', draft, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`]
  const nature = ['--locale=C', '--encoding=UTF8', '--no-instructions', '--no-sync']
  const given = Object.entries(settings ?? {}).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  try {
    const outcome = await runToEnd(launchCommand(launch, initdb, [...flags, ...nature, ...given]))
    if (outcome.code !== 0) throw initFailed(dataDir, outcome.output)
    rmSync(dataDir, { recursive: true, force: true })
    renameSync(draft, dataDir)
  } finally {
    rmSync(passwordFile, { force: true })
    rmSync(draft, { recursive: true, force: true })
  }
}

function initFailed(dataDir: string, output: string): StartError {
  const telling = output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-3)
    .join(' ')
  return new StartError(
    'data-broken',
    `The database directory ${dataDir} could not be made: ${telling}`,
    'Check that the disk has 200 MB free and that you may write there, or set DATA_DIR to another directory.',
  )
}

async function runToEnd([command, args]: [string, string[]]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
      cwd: '/',
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.once('error', (error) => resolve({ code: null, output: error.message }))
    child.once('close', (code) => resolve({ code, output }))
  })
}

function readable<T>(directory: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new StartError(
      'no-permission',
      `${directory} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'It belongs to somebody else, as after a start as root. Give all of it to your account (chown -R), or set DATA_DIR to another directory.',
    )
  }
}

function permitted(directory: string, act: () => void): void {
  try {
    act()
  } catch (error) {
    throw new StartError(
      'no-permission',
      `Nothing can be written to ${directory}: ${error instanceof Error ? error.message : String(error)}`,
      'Give the directory to your account (chown -R), or set DATA_DIR to a directory of your own.',
    )
  }
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
