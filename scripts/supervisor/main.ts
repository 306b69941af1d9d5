import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSettings } from '../env'
import type { StartError } from '../start-error'
import { createLog } from './log'
import { supervise } from './supervise'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')
const FORCE_AFTER_MS = 1000
const PARENT_LOOKED_AT_MS = 250

const SAMPLE_PEOPLE = `Sign in as sarah@backline.test (owner), alex@…, noah@…, mia@… (viewer), or olga@backline.test of the other band.
The password of all of them is backline-demo.`

await main(process.argv[2] === 'start' ? 'start' : 'dev')

async function main(mode: 'dev' | 'start'): Promise<void> {
  const result = readSettings(process.env, root)
  if (result.kind === 'bad')
    return fail(['The configuration cannot be used:', ...result.problems.map((problem) => `  ${problem}`)])
  const { settings } = result
  const log = createLog(process.stdout, process.env)
  const outcome = await supervise({
    mode,
    root,
    settings,
    log,
    signal: stopSignal(),
    onReady: (url) => {
      log('supervisor', `Backline is ready: ${url}`)
      const seeded = mode === 'dev' && settings.database.kind === 'embedded'
      const hint = seeded ? SAMPLE_PEOPLE : `Create an account at ${url}/sign-up.`
      for (const line of hint.split('\n')) log('supervisor', line)
      log('supervisor', 'Ctrl-C stops everything.')
    },
  })
  if (outcome.kind === 'failed') return fail(describe(outcome.error))
  process.exit(0)
}

function describe(error: StartError): string[] {
  return [error.message, error.advice]
}

function fail(lines: string[]): never {
  console.error(`\n${lines.join('\n')}`)
  process.exit(1)
}

/** Aborts on Ctrl-C, SIGTERM, a closed terminal and the end of npm; a second Ctrl-C does not wait any longer. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  let firstAt = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      // npm repeats the terminal's Ctrl-C: only a later one is a second one. Whatever is left ends with this process.
      if (firstAt > 0 && Date.now() - firstAt > FORCE_AFTER_MS) process.exit(1)
      firstAt ||= Date.now()
      stop.abort(name)
    })
  }
  onNpmGone(() => stop.abort('SIGTERM'))
  return stop.signal
}

/** npm runs us in a shell that keeps a SIGTERM for npm to itself: then all that reaches us is that the shell is gone. */
function onNpmGone(tell: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const looking = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(looking)
    tell()
  }, PARENT_LOOKED_AT_MS)
  looking.unref()
}
