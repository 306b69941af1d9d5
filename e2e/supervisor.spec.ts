import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test, vi } from 'vitest'
import { isPortTaken } from '@/scripts/process/free-port'

// `npm start` and `npm run dev` are one supervisor; this drives it with the production build, because Next refuses a second
// development server in one directory and these tests must pass beside a running one.

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const WAIT = { timeout: 120_000, interval: 50 }
const cleanups: (() => void | Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function dataDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), `backline-test-${process.pid}-supervisor-`))
  cleanups.push(() => rmSync(path, { recursive: true, force: true }))
  return join(path, 'data')
}

type Supervisor = {
  process: ChildProcess
  /** Everything it said so far, both streams. */
  output(): string
  /** The address it announces; fails when it ends before. */
  ready: Promise<string>
  ended: Promise<{ code: number | null; output: string }>
}

const COMMAND = [process.execPath, 'scripts/dev.mjs', 'start'] as const

function startSupervisor(
  dataDir: string,
  settings: Record<string, string> = {},
  [command, ...args]: readonly [string, ...string[]] = COMMAND,
): Supervisor {
  const child = spawn(command, args, {
    cwd: root,
    env: {
      ...withoutNodeEnv(),
      DATA_DIR: dataDir,
      PORT: '0',
      POSTGRES_PORT: '0',
      ELECTRIC_PORT: '0',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const output = () => lines.join('\n')
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output: output() }))
  const ready = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line)
        const url = /Backline is ready: (\S+)/.exec(line)?.[1]
        if (url !== undefined) resolve(url.replace('localhost', '127.0.0.1'))
      })
    }
    void ended.then((end) => reject(new Error(`It ended before it was ready:\n${end.output}`)))
  })
  ready.catch(() => {})
  cleanups.push(async () => {
    child.kill('SIGTERM')
    await ended
  })
  return { process: child, output, ready, ended }
}

/** vitest says `test`, which the parts must not take for their own. */
function withoutNodeEnv(): NodeJS.ProcessEnv {
  const environment: Record<string, string | undefined> = { ...process.env }
  delete environment.NODE_ENV
  return environment as NodeJS.ProcessEnv
}

/** Everybody that descends from a process, as `ps` sees it, with their command lines. */
function descendantsOf(pid: number | undefined): { pid: number; command: string }[] {
  const all = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, child, parent, command = '']) => ({ pid: Number(child), parent: Number(parent), command }))
  const children = all.filter(({ parent }) => parent === pid)
  return children.flatMap((child) => [child, ...descendantsOf(child.pid)])
}

/** Whether a process runs; one that has ended and only waits to be counted does not. */
function isRunning(pid: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return state !== '' && !state.startsWith('Z')
  } catch {
    return false
  }
}

function part(supervisor: Supervisor, pattern: RegExp): number {
  const found = descendantsOf(supervisor.process.pid).find(({ command }) => pattern.test(command))
  if (found === undefined) throw new Error(`No process like ${pattern} runs`)
  return found.pid
}

async function nothingLeft(processes: readonly { pid: number }[]): Promise<void> {
  await vi.waitUntil(() => processes.every(({ pid }) => !isRunning(pid)), WAIT)
}

test('Ctrl-C ends every part although a poll is open, frees the ports, and the data is there at the next start', async () => {
  const dataDir = dataDirectory()
  const first = startSupervisor(dataDir)
  const url = await first.ready
  const parts = descendantsOf(first.process.pid)
  expect(parts.length).toBeGreaterThanOrEqual(3)
  const account = { email: 'ada@example.com', password: 'a long enough password', name: 'Ada' }
  const signUp = await fetch(`${url}/api/auth/sign-up`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  })
  expect(signUp.status).toBeLessThan(300)
  const cookie = signUp.headers
    .getSetCookie()
    .map((text) => text.split(';')[0])
    .join('; ')
  const held = await fetch(`${url}/api/shapes/live`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify({ shapes: [{ id: 'mine', entity: 'band_members', offset: 'now' }] }),
  })
  expect(held.status).toBe(200)
  first.process.kill('SIGINT')
  expect((await first.ended).code).toBe(0)
  // Ended in order or cut, but not left open.
  await held.text().catch(() => 'cut')
  await nothingLeft(parts)
  expect(await isPortTaken(Number(new URL(url).port))).toBe(false)

  const second = startSupervisor(dataDir)
  const again = await fetch(`${await second.ready}/api/auth/sign-up`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  })
  // Whoever signs up twice is told so, which only a database that kept the first one can.
  expect(again.status).toBeGreaterThanOrEqual(400)
})

test('SIGTERM ends everything like Ctrl-C', async () => {
  const supervisor = startSupervisor(dataDirectory())
  await supervisor.ready
  const parts = descendantsOf(supervisor.process.pid)
  supervisor.process.kill('SIGTERM')
  expect((await supervisor.ended).code).toBe(0)
  await nothingLeft(parts)
})

test('the end of npm, whose shell keeps a SIGTERM to itself, ends everything too', async () => {
  // As `npm start` does it: a shell between, which does not pass signals on.
  const shell = ['/bin/sh', '-c', `'${COMMAND.join("' '")}'; exit $?`] as const
  const supervisor = startSupervisor(dataDirectory(), { npm_lifecycle_event: 'start' }, shell)
  await supervisor.ready
  const parts = descendantsOf(supervisor.process.pid)
  supervisor.process.kill('SIGTERM')
  await supervisor.ended
  await nothingLeft(parts)
})

test('a stop while starting leaves nothing', async () => {
  const supervisor = startSupervisor(dataDirectory())
  await vi.waitUntil(() => supervisor.output().includes('starting the sync service'), WAIT)
  const parts = descendantsOf(supervisor.process.pid)
  supervisor.process.kill('SIGINT')
  expect((await supervisor.ended).code).toBe(0)
  await nothingLeft(parts)
})

test.each([
  ['postgres', /native\/bin\/postgres/],
  ['sync', /shape-server\/main/],
  ['app', /next-server|next\/dist\/bin\/next/],
])('when %s crashes, everything stops and the part is named', async (name, pattern) => {
  const supervisor = startSupervisor(dataDirectory())
  await supervisor.ready
  const parts = descendantsOf(supervisor.process.pid)
  process.kill(part(supervisor, pattern), 'SIGKILL')
  const { code, output } = await supervisor.ended
  expect(code).toBe(1)
  expect(output).toContain(`The part "${name}"`)
  await nothingLeft(parts)
})

test('kill -9 of the supervisor leaves nothing running', async () => {
  const supervisor = startSupervisor(dataDirectory())
  await supervisor.ready
  const parts = descendantsOf(supervisor.process.pid)
  supervisor.process.kill('SIGKILL')
  await supervisor.ended
  await nothingLeft(parts)
})

test('a second start on the same data says where the first one runs', async () => {
  const dataDir = dataDirectory()
  const first = startSupervisor(dataDir)
  await first.ready
  const { code, output } = await startSupervisor(dataDir).ended
  expect(code).toBe(1)
  expect(output).toContain(`already running on ${dataDir}`)
  expect(output).toContain(String(first.process.pid))
})

test.each(['PORT', 'POSTGRES_PORT', 'ELECTRIC_PORT'])('a used %s is told before anything starts', async (variable) => {
  const squatter = createServer().listen(0)
  await once(squatter, 'listening')
  cleanups.push(() => void squatter.close())
  const address = squatter.address()
  const port = typeof address === 'object' && address !== null ? String(address.port) : ''
  const dataDir = dataDirectory()
  const { code, output } = await startSupervisor(dataDir, { [variable]: port }).ended
  expect(code).toBe(1)
  expect(output).toContain(`Port ${port}`)
  expect(output).toContain(`set ${variable}`)
  expect(readdirSync(dirname(dataDir))).toEqual([])
})

test('a broken data directory is explained and left as it is', async () => {
  const dataDir = dataDirectory()
  mkdirSync(join(dataDir, 'postgres'), { recursive: true })
  writeFileSync(join(dataDir, 'secrets.json'), '{ "half": ')
  const { code, output } = await startSupervisor(dataDir).ended
  expect(code).toBe(1)
  expect(output).toContain('secrets.json is damaged')
  expect(output).toContain('npm run db:reset')
  expect(readFileSync(join(dataDir, 'secrets.json'), 'utf8')).toBe('{ "half": ')
})

test('a data directory that cannot be written is explained', async () => {
  const dataDir = dataDirectory()
  writeFileSync(dataDir, 'a file where the directory should be')
  const { code, output } = await startSupervisor(dataDir).ended
  expect(code).toBe(1)
  expect(output).toContain('DATA_DIR')
})

test('a wrong setting is told in a sentence that names the variable', async () => {
  const { code, output } = await startSupervisor(dataDirectory(), {
    DATABASE_URL: 'postgresql://app:tiger@127.0.0.1/backline',
  }).ended
  expect(code).toBe(1)
  expect(output).toContain('DATABASE_URL_UNPOOLED is required when DATABASE_URL is set')
  expect(output).not.toContain('tiger')
})

test('a sync service of our own that does not answer is told, with the variable that names it', async () => {
  const nobody = createServer().listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const address = nobody.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  nobody.close()
  const supervisor = startSupervisor(dataDirectory(), { ELECTRIC_URL: `http://127.0.0.1:${port}` })
  await vi.waitUntil(() => supervisor.output().includes('using the sync service at'), WAIT)
  const parts = descendantsOf(supervisor.process.pid)
  const { code, output } = await supervisor.ended
  expect(code).toBe(1)
  expect(output).toContain(`http://127.0.0.1:${port}/v1/health was not ready`)
  expect(output).toContain('check ELECTRIC_URL')
  await nothingLeft(parts)
})

test("the app's own wrong setting ends the start with a sentence that names the variable", async () => {
  const { code, output } = await startSupervisor(dataDirectory(), { SYNC_INTERVAL: 'soon' }).ended
  expect(code).toBe(1)
  expect(output).toContain('SYNC_INTERVAL must be a whole number')
})

test('an installation has secrets for its own account alone, and no sample people', async () => {
  const dataDir = dataDirectory()
  const supervisor = startSupervisor(dataDir)
  await supervisor.ready
  expect(statSync(join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600)
  expect(supervisor.output()).not.toContain('backline-demo')
})
