import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { takeBuild } from '../build/ensure-build'
import { startChild } from '../process/child'
import { freePort } from '../process/free-port'
import { waitUntilOk } from '../process/wait-until-ok'
import { appEnvironment } from '../supervisor/app'
import { throwawayCluster } from './cluster'
import { createTestDatabase, type TestDatabase } from './database'
import { openPartLog } from './part-log'
import { type TestSyncService, testSyncService } from './sync-service'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const READY_MS = 120_000
const STOP_GRACE_MS = 500

/** All of Backline on free ports with the sample data, the production build in front: what browsers, bench and chaos need. */
export type Stack = AsyncDisposable & {
  /** The app's address, without a trailing slash. */
  url: string
  superuserUrl: string
  database: TestDatabase
  sync: TestSyncService
  /** The file of what the app and the sync service say, for `linesSince`. */
  log: string
}

export type StackOptions = {
  /** A cluster that runs already, as its superuser; one of its own unless given. */
  superuserUrl?: string

  /** The app's environment variables on top, e.g. `{ SYNC_INTERVAL: '500' }`. */
  settings?: Record<string, string>
  /** The sync service's, ELECTRIC_…. */
  syncSettings?: Record<string, string>
  onLine?: (line: string) => void
}

/** Starts everything, part after part; disposing stops everything. */
export async function startStack({
  superuserUrl: given,
  settings = {},
  syncSettings,
  onLine = () => {},
}: StackOptions = {}): Promise<Stack> {
  const parts: AsyncDisposable[] = []
  const disposeAll = async () => {
    for (const part of parts.toReversed()) await part[Symbol.asyncDispose]()
  }
  const started = <T extends AsyncDisposable>(part: T): T => {
    parts.push(part)
    return part
  }
  try {
    const log = started(openPartLog())
    const [appSays, syncSays] = [log.lineOf('app'), log.lineOf('sync')]
    const superuserUrl = given ?? started(await throwawayCluster()).superuserUrl()
    const database = started(await createTestDatabase(superuserUrl, { seeded: true }))
    const sync = started(await testSyncService(database, syncSettings, syncSays))
    const app = started(
      await startProductionApp({
        database,
        sync,
        settings,
        onLine: (line) => {
          appSays(line)
          onLine(line)
        },
      }),
    )
    return { url: app.url, superuserUrl, database, sync, log: log.file, [Symbol.asyncDispose]: disposeAll }
  } catch (error) {
    await disposeAll()
    throw error
  }
}

export type ProductionApp = AsyncDisposable & { url: string }

export type ProductionAppOptions = {
  database: Pick<TestDatabase, 'appUrl'>
  sync: Pick<TestSyncService, 'url' | 'secret'>
  settings?: Record<string, string>
  onLine?: (line: string) => void
}

/** Serves a copy of the production build, made where it is stale, on a free port. */
export async function startProductionApp(options: ProductionAppOptions): Promise<ProductionApp> {
  const { database, sync, settings = {}, onLine = () => {} } = options
  const build = await takeBuild({ root, onLine, signal: new AbortController().signal })
  const port = await freePort()
  const lines: string[] = []
  const child = startChild({
    command: process.execPath,
    args: ['node_modules/next/dist/bin/next', 'start', '--port', String(port), '--hostname', '127.0.0.1'],
    cwd: root,
    env: {
      ...appEnvironment({
        mode: 'start',
        database,
        sync,
        authSecret: randomBytes(32).toString('base64url'),
        distDir: build.distDir,
      }),
      ...nothingFromDotEnv(),
      SAMPLE_LOGINS: '1',
      ...settings,
    },
    onLine: (line) => {
      lines.push(line)
      onLine(line)
    },
  })
  const url = `http://127.0.0.1:${port}`
  const ended = new AbortController()
  void child.exited.then(() => ended.abort())
  try {
    await waitUntilOk({ url: `${url}/api/health`, limitMs: READY_MS, signal: ended.signal })
  } catch (error) {
    await child.stop(0)
    build.release()
    throw new Error(`The app did not start:\n${lines.slice(-20).join('\n')}`, { cause: error })
  }
  const stop = async () => {
    await child.stop(STOP_GRACE_MS)
    build.release()
  }
  return { url, [Symbol.asyncDispose]: stop }
}

/** Next reads .env by itself, where a developer may keep anything: an empty variable counts as not set and hides it. */
function nothingFromDotEnv(): Record<string, string> {
  const example = readFileSync(join(root, '.env.example'), 'utf8')
  const names = [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name = '']) => name)
  const ours = ['DATABASE_URL', 'ELECTRIC_URL', 'ELECTRIC_SECRET', 'AUTH_SECRET', 'AUTH_TRUST_HOST']
  return Object.fromEntries(names.filter((name) => !ours.includes(name)).map((name) => [name, '']))
}
