import type { Settings } from '../env'
import { StartError } from '../start-error'
import type { Log, PartName } from './log'

/** What `npm run dev` and `npm start` differ in. */
export type Mode = 'dev' | 'start'

/** A part that runs until it is stopped. */
export type RunningPart = {
  name: PartName
  /** Settles with the reason, in words, when the part ends by itself. */
  exited: Promise<string>
  stop(): Promise<void>
}

/** What every part needs to start, and where it reports that it runs. */
export type Context = {
  mode: Mode
  /** The project's directory, absolute. */
  root: string
  settings: Settings
  log: Log
  /** Aborts when everything shall stop, also half-way through starting. */
  signal: AbortSignal
  running(part: RunningPart): void
}

/** Waits for `ready`, but fails at once with what to do when the part ends before. */
export async function readyOrEnded(part: RunningPart, title: string, ready: Promise<void>): Promise<void> {
  const outcome = await Promise.race([ready.then(() => 'ready' as const), part.exited])
  if (outcome === 'ready') return
  throw new StartError(
    'part-failed',
    `${title} ${outcome} while starting.`,
    `Its last lines, marked "${part.name}", say why.`,
  )
}
