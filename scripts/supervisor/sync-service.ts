import { join } from 'node:path'
import { freePort } from '../process/free-port'
import { startChild } from '../process/child'
import { SHAPE_SERVER_ARGS } from '../process/shape-server-command'
import { waitUntilOk } from '../process/wait-until-ok'
import { StartError } from '../start-error'
import { type Context, readyOrEnded, type RunningPart } from './context'
import type { Database } from './database'
import { readableJsonLine } from './log'
import { loadSecrets } from './secrets'

/** Where the app finds the sync service. */
export type SyncService = { url: string; secret: string | undefined }

const READY_MS = 60_000
/** One of somebody's own runs already. */
const GIVEN_READY_MS = 5_000
const STOP_GRACE_MS = 1500

/** Starts the embedded sync service, or takes the given one. */
export async function startSyncService(context: Context, database: Database): Promise<SyncService> {
  const { electric, dataDir, ports } = context.settings
  if (electric.kind === 'given' || database.electricUrl === undefined) {
    const given = electric.kind === 'given' ? electric : undefined
    if (given === undefined) throw new Error('Settings without a sync service passed the check')
    await reachGiven(context, given.url)
    return { url: given.url, secret: given.secret }
  }
  const secret = electric.secret ?? loadSecrets(dataDir).electricSecret
  const port = ports.electric === 0 ? await freePort() : ports.electric
  context.log('sync', 'starting the sync service')
  const child = startChild({
    command: process.execPath,
    args: [...SHAPE_SERVER_ARGS],
    cwd: context.root,
    env: {
      ...withoutAppVariables(process.env),
      DATABASE_URL: database.electricUrl,
      ELECTRIC_HOST: '127.0.0.1',
      ELECTRIC_PORT: String(port),
      ELECTRIC_SECRET: secret,
      ELECTRIC_STORAGE_DIR: join(dataDir, 'electric'),
      ELECTRIC_MANUAL_TABLE_PUBLISHING: 'true',
    },
    onLine: (line) => context.log('sync', readableJsonLine(line)),
  })
  const part: RunningPart = { name: 'sync', exited: child.exited, stop: () => child.stop(STOP_GRACE_MS) }
  context.running(part)
  const url = `http://127.0.0.1:${port}`
  await readyOrEnded(
    part,
    'The sync service',
    waitUntilOk({ url: `${url}/v1/health`, limitMs: READY_MS, signal: context.signal }),
  )
  return { url, secret }
}

/** Without it the app would start and then say forever that it is not ready. */
async function reachGiven({ log, signal }: Context, url: string): Promise<void> {
  log('sync', `using the sync service at ${new URL(url).host}`)
  const health = `${url.replace(/\/+$/, '')}/v1/health`
  try {
    await waitUntilOk({ url: health, limitMs: GIVEN_READY_MS, signal })
  } catch (error) {
    signal.throwIfAborted()
    throw new StartError(
      'part-failed',
      `The sync service cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
      'Start it first and check ELECTRIC_URL, or leave ELECTRIC_URL unset to use the embedded one.',
    )
  }
}

/** The sync service is a program of its own with variables of the same names: ours must not reach it. */
function withoutAppVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = ['DATABASE_URL_UNPOOLED', 'ELECTRIC_DATABASE_URL', 'ELECTRIC_URL', 'AUTH_SECRET', 'PORT']
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !foreign.includes(name)),
  ) as NodeJS.ProcessEnv
}
