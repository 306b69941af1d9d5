import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { freePort } from '../process/free-port'
import { leash } from '../process/leash'
import { StartError } from '../start-error'
import { postgresBinaries } from './binaries'
import { ensureCluster, superuserPassword } from './cluster-directory'
import { chooseLaunch, giveTo, type Launch, launchCommand } from './unprivileged'

export type EmbeddedPostgresOptions = {
  /** The cluster's directory; made when it does not exist. */
  dataDir: string
  /** A free port is chosen when absent. */
  port?: number
  /** Settings of postgresql.conf on top of ours, e.g. `{ fsync: 'off' }` for a throwaway cluster. */
  settings?: Record<string, string>
  /** Password of the superuser `postgres`; when absent, a generated one kept beside the data directory. */
  password?: string
  /** Every line that PostgreSQL logs. */
  onLog?: (line: string) => void
}

export type EmbeddedPostgres = {
  port: number
  pid: number
  /** A connection URL of the superuser, for the database `postgres` unless named. */
  superuserUrl(database?: string): string
  /** Settles when the server has ended, for whatever reason. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Stops the server and waits until it is gone: `fast` (the default) rolls back and writes a checkpoint, `immediate` just ends. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
}

/** How long a fast stop may take until it becomes an immediate one: our parts promise to be gone within five seconds. */
const FAST_STOP_MS = 3000
const IMMEDIATE_STOP_MS = 1500
const PORT_ATTEMPTS = 5

/**
 * Starts the PostgreSQL of the npm package on 127.0.0.1 and waits until it takes connections. It ends with this process, however
 * that ends. Throws a StartError with what to do where it cannot start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = postgresBinaries()
  const launch = chooseLaunch([options.dataDir, binaries.postgres])
  const password = options.password ?? superuserPassword(options.dataDir)
  await ensureCluster({
    dataDir: options.dataDir,
    initdb: binaries.initdb,
    launch,
    password,
    settings: options.settings,
  })
  giveTo(launch, options.dataDir)
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort())
    const started = await run({ ...options, port, password, launch, postgres: binaries.postgres })
    if (started.kind === 'running') return started.server
    // Between choosing a free port and binding it somebody else may have been faster.
    const mayRetry = started.error.code === 'port-in-use' && options.port === undefined && attempt < PORT_ATTEMPTS
    if (!mayRetry) throw started.error
  }
}

type RunOptions = EmbeddedPostgresOptions & { port: number; password: string; launch: Launch; postgres: string }
type RunOutcome = { kind: 'running'; server: EmbeddedPostgres } | { kind: 'failed'; error: StartError }

async function run(options: RunOptions): Promise<RunOutcome> {
  const [command, args] = launchCommand(options.launch, options.postgres, serverArguments(options))
  // Its own process group: a Ctrl-C in the terminal must not reach it before the parts that use it.
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    env: serverEnvironment(),
    cwd: '/',
  })
  const exited = exitOf(child)
  const unleash = child.pid === undefined ? () => {} : leash(child.pid, 'INT')
  void exited.then(unleash)
  const lines: string[] = []
  const ready = new Promise<'ready'>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line)
      if (lines.length > 50) lines.shift()
      options.onLog?.(line)
      if (line.includes('database system is ready to accept connections')) resolve('ready')
    })
  })
  const first = await Promise.race([ready, exited])
  if (first !== 'ready' || child.pid === undefined) return { kind: 'failed', error: explainFailure(lines, options) }
  const { pid } = child
  const { port, password } = options
  return {
    kind: 'running',
    server: {
      port,
      pid,
      superuserUrl: (database = 'postgres') =>
        `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
      exited,
      stop: (mode = 'fast') => stop(child, exited, mode),
    },
  }
}

function serverArguments({ dataDir, port, settings }: RunOptions): string[] {
  const all: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    wal_level: 'logical',
    max_connections: '300',
    max_replication_slots: '200',
    max_wal_senders: '200',
    // The readiness line is read from stderr, whatever postgresql.conf says.
    logging_collector: 'off',
    log_destination: 'stderr',
    log_checkpoints: 'off',
    log_line_prefix: '',
    lc_messages: 'C',
    ...settings,
  }
  return ['-D', dataDir, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

function serverEnvironment(): NodeJS.ProcessEnv {
  // PGPORT, PGDATA and the like of the person's shell are meant for other servers.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))
  return { ...Object.fromEntries(inherited), LC_ALL: 'C', TZ: 'UTC', NODE_ENV: process.env.NODE_ENV ?? 'development' }
}

type Exit = { code: number | null; signal: NodeJS.Signals | null }

async function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }))
    // `close`, not `exit`: by then everything it logged has been read.
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

async function stop(child: ChildProcess, exited: Promise<Exit>, mode: 'fast' | 'immediate'): Promise<void> {
  if (mode === 'fast') {
    child.kill('SIGINT')
    if (await settlesWithin(exited, FAST_STOP_MS)) return
  }
  child.kill('SIGQUIT')
  if (await settlesWithin(exited, IMMEDIATE_STOP_MS)) return
  child.kill('SIGKILL')
  await exited
}

async function settlesWithin(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const late = new AbortController()
  const timeout = AbortSignal.timeout(limitMs)
  const result = await Promise.race([
    promise.then(() => true),
    once(timeout, 'abort', { signal: late.signal }).then(
      () => false,
      () => false,
    ),
  ])
  late.abort()
  return result
}

/** PostgreSQL's own last words, in words for the person who typed the command. */
function explainFailure(lines: string[], { port, dataDir }: RunOptions): StartError {
  const text = lines.join('\n')
  if (/could not bind IPv4 address|could not create any TCP\/IP sockets/.test(text)) {
    return new StartError(
      'port-in-use',
      `Port ${port}, meant for PostgreSQL, is in use by another program.`,
      'Stop that program, or set POSTGRES_PORT to another port.',
    )
  }
  if (/lock file "postmaster.pid" already exists|pre-existing shared memory block/.test(text)) {
    return new StartError(
      'already-running',
      `Another PostgreSQL is already running on ${dataDir}.`,
      'Stop the other `npm run dev` or `npm start` first, or set DATA_DIR to another directory.',
    )
  }
  if (/Permission denied|invalid permissions|wrong ownership/.test(text)) {
    return new StartError(
      'no-permission',
      `PostgreSQL may not use ${dataDir}: ${lastMessage(lines)}`,
      'Give the directory to your account (chown -R), or set DATA_DIR to a directory of your own.',
    )
  }
  return new StartError(
    'data-broken',
    `PostgreSQL does not start on ${dataDir}: ${lastMessage(lines)}`,
    `Move ${join(dataDir, '..')} away (it holds your local data) and start again, or run \`npm run db:reset\` to begin with fresh sample data.`,
  )
}

function lastMessage(lines: string[]): string {
  // Without a severity it is about the directory itself, told over several lines.
  const telling = lines.filter((line) => /FATAL|PANIC|ERROR/.test(line)).at(-1) ?? lines.slice(-3).join(' ')
  return telling.replace(/^\W*(FATAL|PANIC|ERROR|postgres):\s*/, '') || 'it said nothing'
}
