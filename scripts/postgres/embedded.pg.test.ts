import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, expect, test, vi } from 'vitest'
import { isPortTaken } from '../process/free-port'
import { startEmbeddedPostgres } from './embedded'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const settings = { fsync: 'off', scram_iterations: '1' }
const cleanups: (() => void | Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** A directory of this test; `/tmp` may be entered by everybody, `private` only by us. */
function directory({ isPrivate = false } = {}): string {
  const path = mkdtempSync(join(tmpdir(), `backline-test-${process.pid}-`))
  cleanups.push(() => rmSync(path, { recursive: true, force: true }))
  if (!isPrivate) return join(path, 'postgres')
  mkdirSync(join(path, 'private'), { mode: 0o700 })
  return join(path, 'private', 'postgres')
}

async function start(dataDir: string, port?: number) {
  const server = await startEmbeddedPostgres({ dataDir, settings, ...(port === undefined ? {} : { port }) })
  cleanups.push(() => server.stop('immediate'))
  return server
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

test.each([
  ['a directory everybody may enter', { isPrivate: false }],
  ['a directory only its owner may enter', { isPrivate: true }],
])('data survives a restart in %s', async (_name, kind) => {
  const dataDir = directory(kind)
  const first = await start(dataDir)
  await query(first.superuserUrl(), 'create table kept as select 42 as answer')
  await first.stop()
  const second = await start(dataDir)
  expect(await query(second.superuserUrl(), 'select answer from kept')).toEqual([{ answer: 42 }])
})

test('connections need the password, which only this account may read', async () => {
  const dataDir = directory()
  const server = await start(dataDir)
  const url = new URL(server.superuserUrl())
  url.password = 'guess'
  await expect(query(url.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  expect(statSync(`${dataDir}.password`).mode & 0o777).toBe(0o600)
})

test('logical replication is on', async () => {
  const server = await start(directory())
  expect(await query(server.superuserUrl(), 'show wal_level')).toEqual([{ wal_level: 'logical' }])
})

test('a used port is named, with the variable that moves it', async () => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  cleanups.push(() => void squatter.close())
  const address = squatter.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await expect(start(directory(), port)).rejects.toMatchObject({
    code: 'port-in-use',
    message: expect.stringContaining(String(port)) as string,
    advice: expect.stringContaining('POSTGRES_PORT') as string,
  })
})

test('a second server on the same directory is refused', async () => {
  const dataDir = directory()
  await start(dataDir)
  await expect(start(dataDir)).rejects.toMatchObject({ code: 'already-running' })
})

test('a directory of another PostgreSQL version is left alone and explained', async () => {
  const dataDir = directory()
  mkdirSync(dataDir)
  writeFileSync(join(dataDir, 'PG_VERSION'), '9.6\n')
  await expect(start(dataDir)).rejects.toMatchObject({
    code: 'data-broken',
    message: expect.stringContaining('PostgreSQL 9.6') as string,
    advice: expect.stringContaining('npm run db:reset') as string,
  })
})

test('a damaged cluster is explained', async () => {
  const dataDir = directory()
  const server = await start(dataDir)
  await server.stop()
  rmSync(join(dataDir, 'global'), { recursive: true })
  await expect(start(dataDir)).rejects.toMatchObject({ code: 'data-broken' })
})

test('a directory that cannot be written is explained', async () => {
  const parent = directory()
  // Below a file not even root makes directories.
  writeFileSync(parent, '')
  await expect(start(join(parent, 'postgres'))).rejects.toMatchObject({ code: 'no-permission' })
})

test('a directory of somebody else is explained', async () => {
  const dataDir = directory()
  // Read like a directory that may not be listed, by root too: a file where the directory should be.
  writeFileSync(dataDir, '')
  await expect(start(dataDir)).rejects.toMatchObject({
    code: 'no-permission',
    advice: expect.stringContaining('chown -R') as string,
  })
})

test('the server ends with a process that is killed', async () => {
  const dataDir = directory()
  const entry = 'scripts/test/postgres-holder.ts'
  const holder = spawn(process.execPath, ['scripts/run.mjs', entry, dataDir], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: holder.stdout }), 'line')) as [string]
  const port = Number(line)
  expect(await isPortTaken(port)).toBe(true)
  holder.kill('SIGKILL')
  await vi.waitUntil(async () => !(await isPortTaken(port)), { timeout: 60_000, interval: 50 })
})
