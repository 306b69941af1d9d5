import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '@/scripts/postgres/embedded'
import { SHAPE_SERVER_ARGS } from '@/scripts/process/shape-server-command'
import { OURS, REAL } from './numbers'

/** A sync service to measure. */
export interface Engine extends AsyncDisposable {
  name: string
  url: string
  secret: string | null
  /** The process to weigh; null for one that is not ours. */
  pid: number | null
  /** From spawn to active, milliseconds; null for one that is not ours. */
  startMs: number | null
}

/** A Postgres for the benchmark alone: no fsync, so that the disk of the day is not what is measured. */
export async function benchPostgres(): Promise<AsyncDisposable & { url: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-postgres-'))
  // synchronous_commit stays on: without it the walsender waits for the WAL writer, 200 ms.
  const settings = { fsync: 'off', shared_buffers: '256MB', max_wal_size: '8GB' }
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), settings })
  return {
    url: postgres.superuserUrl(),
    async [Symbol.asyncDispose]() {
      await postgres.stop('immediate')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

let count = 0

/** Starts our shape server as its own process, and waits until it is active. */
export async function startOurs(databaseUrl: string, options: StartOptions): Promise<Engine> {
  const storage = options.storageDir ?? (await mkdtemp(join(tmpdir(), 'bench-shapes-')))
  const begun = performance.now()
  const child = spawn(process.execPath, [...options.nodeArgs, ...SHAPE_SERVER_ARGS], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...environment(),
      DATABASE_URL: databaseUrl,
      ELECTRIC_INSECURE: 'true',
      ELECTRIC_PORT: '0',
      ELECTRIC_STORAGE_DIR: storage,
      ELECTRIC_REPLICATION_STREAM_ID: options.streamId ?? `bench_${String(process.pid)}_${String(count++)}`,
      ELECTRIC_LOG_LEVEL: 'info',
      ELECTRIC_MAX_CONCURRENT_REQUESTS: '{"initial":100000,"existing":100000}',
    },
  })
  const port = await readPort(child, options.showsLog)
  const url = `http://127.0.0.1:${String(port)}`
  while (!(await isActive(url))) await new Promise((resolve) => setTimeout(resolve, 5))
  return {
    name: OURS,
    url,
    secret: null,
    pid: serverPid(child),
    startMs: performance.now() - begun,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      if (options.storageDir === undefined) await rm(storage, { recursive: true, force: true })
    },
  }
}

/** The server somebody else runs. */
export function peerEngine(peer: { url: string; secret: string | null }): Engine {
  return { name: REAL, ...peer, pid: null, startMs: null, [Symbol.asyncDispose]: () => Promise.resolve() }
}

export interface StartOptions {
  nodeArgs: string[]
  showsLog: boolean
  /** Stays when the server stops; unless given, there is one for the server's life. */
  storageDir?: string
  streamId?: string
}

/** Ours without the settings of an app or a sync service that the shell may hold. */
function environment(): NodeJS.ProcessEnv {
  const isForeign = (name: string) => /^(ELECTRIC_|DATABASE_URL|CLEANUP_REPLICATION)/.test(name)
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isForeign(name))) as NodeJS.ProcessEnv
}

function isActive(url: string): Promise<boolean> {
  return fetch(`${url}/v1/health`).then(
    (response) => response.status === 200,
    () => false,
  )
}

/** Path of a shape request. */
export function shapePath(engine: Engine, params: Record<string, string>): string {
  const query = new URLSearchParams(params)
  if (engine.secret !== null) query.set('secret', engine.secret)
  return `/v1/shape?${query.toString()}`
}

/** Resident memory of a process, bytes (Linux; 0 elsewhere). */
export function residentBytes(pid: number | null): number {
  if (pid === null || process.platform !== 'linux') return 0
  const found = /VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${String(pid)}/status`, 'utf8'))
  return Number(found?.[1] ?? 0) * 1024
}

/** CPU time a process has used, milliseconds (Linux; 0 elsewhere). */
export function cpuMs(pid: number | null): number {
  if (pid === null || process.platform !== 'linux') return 0
  const fields =
    fs
      .readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? []
  // utime and stime, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** scripts/run.mjs may run the program in a child of its own: that one is weighed. */
function serverPid(child: ChildProcess): number | null {
  const { pid } = child
  if (pid === undefined || process.platform !== 'linux') return pid ?? null
  const children = fs.readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').trim()
  const node = children
    .split(' ')
    .map(Number)
    .find((id) => id > 0 && fs.readFileSync(`/proc/${String(id)}/comm`, 'utf8').startsWith('node'))
  return node ?? pid
}

async function readPort(child: ChildProcess, showsLog: boolean): Promise<number> {
  let text = ''
  for await (const piece of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    text += String(piece)
    const found = /"event":"listening","port":(\d+)/.exec(text)
    if (!found) continue
    child.stdout?.on('data', (piece: Buffer) => {
      if (showsLog) process.stderr.write(piece)
    })
    return Number(found[1])
  }
  throw new Error(`the shape server did not start: ${text}`)
}
