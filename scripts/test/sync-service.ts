import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { ELECTRIC_PUBLICATION } from '@/lib/protocol/names'
import { type RunningChild, startChild } from '../process/child'
import { freePort } from '../process/free-port'
import { SHAPE_SERVER_ARGS } from '../process/shape-server-command'
import { waitUntilOk } from '../process/wait-until-ok'
import type { TestDatabase } from './database'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const READY_MS = 120_000
const STOP_GRACE_MS = 2000

/** The embedded sync service on one test database, as its own process. */
export type TestSyncService = AsyncDisposable & {
  url: string
  secret: string
  /** Ends it as `kill -9` would (`SIGKILL`) or politely, and starts it again on the same port and directory. */
  restart(how: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/**
 * Starts the embedded sync service for `db` and waits until it is active; `settings` are ELECTRIC_… variables on top, and `onLine` hears
 * what it says.
 */
export async function testSyncService(
  db: TestDatabase,
  settings: Record<string, string> = {},
  onLine: (line: string) => void = () => {},
): Promise<TestSyncService> {
  const storage = mkdtempSync(join(tmpdir(), `backline-test-${process.pid}-sync-`))
  const port = await freePort()
  const secret = 'sync-service-test-secret'
  await renamePublication(db)
  const environment = {
    DATABASE_URL: db.electricUrl,
    ELECTRIC_HOST: '127.0.0.1',
    ELECTRIC_PORT: String(port),
    ELECTRIC_SECRET: secret,
    ELECTRIC_STORAGE_DIR: storage,
    ELECTRIC_MANUAL_TABLE_PUBLISHING: 'true',
    ELECTRIC_REPLICATION_STREAM_ID: db.streamId,
    ...settings,
  }
  const start = () => startActive(port, environment, onLine)
  let child = await start()
  return {
    url: `http://127.0.0.1:${port}`,
    secret,
    async restart(how) {
      await child.stop(how === 'SIGKILL' ? 0 : STOP_GRACE_MS)
      child = await start()
    },
    async [Symbol.asyncDispose]() {
      await child.stop(STOP_GRACE_MS)
      rmSync(storage, { recursive: true, force: true })
    },
  }
}

async function startActive(
  port: number,
  settings: Record<string, string>,
  onLine: (line: string) => void,
): Promise<RunningChild> {
  const lines: string[] = []
  const child = startChild({
    command: process.execPath,
    args: [...SHAPE_SERVER_ARGS],
    cwd: root,
    env: { ...process.env, ...settings, ELECTRIC_URL: '' },
    onLine: (line) => {
      lines.push(line)
      onLine(line)
    },
  })
  const ended = new AbortController()
  const reason = child.exited.then((text) => {
    ended.abort()
    return text
  })
  try {
    await waitUntilOk({ url: `http://127.0.0.1:${port}/v1/health`, limitMs: READY_MS, signal: ended.signal })
  } catch (error) {
    await child.stop(0)
    throw new Error(`The sync service did not start: ${await reason}\n${lines.slice(-20).join('\n')}`, { cause: error })
  }
  return child
}

/**
 * Replication slots are cluster-wide and named after the stream id, publications likewise: with an id of its own, a database's
 * publication must bear it too.
 */
async function renamePublication(db: TestDatabase): Promise<void> {
  const client = new pg.Client(db.superuserUrl)
  await client.connect()
  try {
    const { rowCount } = await client.query(`SELECT FROM pg_publication WHERE pubname = $1`, [ELECTRIC_PUBLICATION])
    if (rowCount)
      await client.query(`ALTER PUBLICATION ${ELECTRIC_PUBLICATION} RENAME TO electric_publication_${db.streamId}`)
  } finally {
    await client.end()
  }
}
