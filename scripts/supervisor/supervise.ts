import type { Settings } from '../env'
import { isPortTaken } from '../process/free-port'
import { tryLock } from '../process/lock'
import { StartError } from '../start-error'
import { startApp } from './app'
import type { Context, Mode, RunningPart } from './context'
import { startDatabase } from './database'
import type { Log } from './log'
import { startSyncService } from './sync-service'

export type SuperviseOptions = {
  mode: Mode
  root: string
  settings: Settings
  log: Log
  /** Aborts to stop everything; its reason is logged. */
  signal: AbortSignal
  /** Called once, when the app answers. */
  onReady: (url: string) => void
}

/** How it ended: `stopped` because the signal said so, `failed` because a part did not start or ended by itself. */
export type Outcome = { kind: 'stopped' } | { kind: 'failed'; error: StartError }

/**
 * Runs all parts, each started when the one before answers, until the signal aborts or one of them ends; then stops all of them and
 * returns when the last one is gone. Nothing it started outlives it.
 */
export async function supervise(options: SuperviseOptions): Promise<Outcome> {
  const { settings, mode } = options
  const locks = await takeLocks(options)
  if (locks.kind === 'failed') return locks
  const parts: RunningPart[] = []
  const stopping = new AbortController()
  const signal = AbortSignal.any([options.signal, stopping.signal])
  const failure = firstFailure()
  const context: Context = {
    mode,
    root: options.root,
    settings,
    log: options.log,
    signal,
    running(part) {
      parts.push(part)
      void part.exited.then((reason) => {
        if (!signal.aborted) failure.report(endedByItself(part, reason))
      })
    },
  }
  try {
    const started = startParts(context).then(options.onReady)
    started.catch((error: unknown) => failure.report(toStartError(error)))
    const outcome = await Promise.race([failure.reported, aborted(options.signal)])
    return outcome === 'aborted' ? { kind: 'stopped' } : { kind: 'failed', error: outcome }
  } finally {
    stopping.abort()
    await stopAll(parts, options.log)
    await locks.release()
  }
}

type Locks = { kind: 'held'; release(): Promise<void> } | { kind: 'failed'; error: StartError }

/** One supervisor for a data directory, and one `next dev` for a checkout: two would write the same files. */
async function takeLocks({ settings, mode, root }: SuperviseOptions): Promise<Locks> {
  const where = settings.ports.app === 0 ? '' : `, http://localhost:${settings.ports.app}`
  const self = `process ${process.pid}${where}`
  const data = await tryLock(`supervisor ${settings.dataDir}`, self)
  if (data.kind === 'taken') return { kind: 'failed', error: alreadyRunning(settings.dataDir, data.by) }
  if (mode === 'start') return data
  const checkout = await tryLock(`next dev ${root}`, self)
  if (checkout.kind === 'held') {
    return { kind: 'held', release: async () => void (await Promise.all([checkout.release(), data.release()])) }
  }
  await data.release()
  return { kind: 'failed', error: alreadyDeveloping(root, checkout.by) }
}

async function startParts(context: Context): Promise<string> {
  await refuseTakenPorts(context.settings)
  const database = await startDatabase(context)
  const sync = await startSyncService(context, database)
  return startApp(context, database, sync)
}

/** Said before anything starts, so that a used port costs nobody half a minute. */
async function refuseTakenPorts({ ports, database, electric }: Settings): Promise<void> {
  const wanted = [
    { variable: 'PORT', port: ports.app, what: 'the app', needed: true },
    { variable: 'POSTGRES_PORT', port: ports.postgres, what: 'PostgreSQL', needed: database.kind === 'embedded' },
    { variable: 'ELECTRIC_PORT', port: ports.electric, what: 'the sync service', needed: electric.kind === 'embedded' },
  ]
  for (const { variable, port, what, needed } of wanted) {
    if (!needed || port === 0 || !(await isPortTaken(port))) continue
    throw new StartError(
      'port-in-use',
      `Port ${port}, meant for ${what}, is in use by another program.`,
      `Stop that program, or set ${variable} to another port (0 for any free one).`,
    )
  }
}

/** The sync service goes first: it ends the open polls, without which the app need not wait. The database goes last. */
async function stopAll(parts: RunningPart[], log: Log): Promise<void> {
  const database = parts.filter((part) => part.name === 'postgres')
  const others = parts.filter((part) => part.name !== 'postgres').toReversed()
  if (parts.length > 0) log('supervisor', `stopping ${parts.map((part) => part.name).join(', ')}`)
  await Promise.all(others.toSorted((a) => (a.name === 'sync' ? -1 : 1)).map((part) => part.stop()))
  await Promise.all(database.map((part) => part.stop()))
}

function firstFailure() {
  let report: (error: StartError) => void = () => {}
  const reported = new Promise<StartError>((resolve) => (report = resolve))
  return { reported, report: (error: StartError) => report(error) }
}

async function aborted(signal: AbortSignal): Promise<'aborted'> {
  if (signal.aborted) return 'aborted'
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve('aborted'), { once: true }))
}

function endedByItself(part: RunningPart, reason: string): StartError {
  return new StartError(
    'part-failed',
    `The part "${part.name}" ${reason}; everything else was stopped with it.`,
    `Its last lines, marked "${part.name}", say why. Start again once that is mended; your data is kept.`,
  )
}

function alreadyRunning(dataDir: string, other: string): StartError {
  return new StartError(
    'already-running',
    `Backline is already running on ${dataDir} (${other}).`,
    'Use that one or stop it first. To run a second one, set DATA_DIR, PORT, POSTGRES_PORT and ELECTRIC_PORT.',
  )
}

function alreadyDeveloping(root: string, other: string): StartError {
  return new StartError(
    'already-running',
    `\`npm run dev\` is already running in ${root} (${other}).`,
    'Use that one or stop it first. A second one needs a checkout of its own; `npm start` may run beside it.',
  )
}

function toStartError(error: unknown): StartError {
  if (error instanceof StartError) return error
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new StartError(
    'part-failed',
    `Starting failed: ${message}`,
    'If you cannot tell why from the lines above, please report it.',
  )
}
