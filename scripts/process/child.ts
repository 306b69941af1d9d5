import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { leash } from './leash'

export type ChildOptions = {
  command: string
  args: string[]
  cwd: string
  env: NodeJS.ProcessEnv
  onLine: (line: string) => void
  /** How it ends when this process is killed and cannot end it; `INT`, which lets it tidy up, unless told. */
  orphanSignal?: 'INT' | 'KILL'
}

export type RunningChild = {
  pid: number | undefined
  /** How it ended, in words: "ended with exit code 1". Settles once everything it wrote has been read. */
  exited: Promise<string>
  /** Asks it and its children to end, kills what is left after `graceMs` (at once for 0), and waits until the process is gone. */
  stop(graceMs: number): Promise<void>
}

/** Starts a program in a process group of its own that ends with this process, kill -9 included. */
export function startChild({ command, args, cwd, env, onLine, orphanSignal = 'INT' }: ChildOptions): RunningChild {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const unleash = child.pid === undefined ? () => {} : leash(-child.pid, orphanSignal)
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine)
  const gone = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('exit', () => {
      // What it started dies with it, also when it was killed itself and could not see to that.
      signalGroup(child.pid, 'SIGKILL')
      unleash()
      resolve()
    })
  })
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`))
    child.once('close', (code, signal) =>
      resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
    )
  })
  return {
    pid: child.pid,
    exited,
    async stop(graceMs) {
      signalGroup(child.pid, graceMs === 0 ? 'SIGKILL' : 'SIGTERM')
      const kill = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs)
      await gone
      clearTimeout(kill)
    },
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch {
    // Nobody left in the group.
  }
}
