import { spawn } from 'node:child_process'

type Signal = 'INT' | 'KILL'

/** Takes the leash off: the process may now outlive this one (it has ended, as a rule). */
export type Unleash = () => void

/**
 * Ties the life of a process (or of a process group, when `pid` is negative) to ours: however we end, `kill -9` included, it is
 * signalled at once, and killed when it is still there five seconds later.
 *
 * A shell in its own session waits on a pipe that only we hold open; the kernel closes the pipe when we are gone.
 * (Linux could do the same with `PR_SET_PDEATHSIG`, macOS cannot.)
 */
export function leash(pid: number, signal: Signal): Unleash {
  if (process.platform === 'win32') return () => {}
  // No `--` before a group's negative number: dash does not know it.
  const script = `
    read -r word && exit 0
    kill -${signal} ${pid} 2>/dev/null || exit 0
    for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.5; kill -0 ${pid} 2>/dev/null || exit 0; done
    kill -KILL ${pid} 2>/dev/null`
  const watcher = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  // The watcher must neither keep us alive nor bring us down.
  watcher.on('error', () => {})
  watcher.stdin.on('error', () => {})
  watcher.unref()
  unrefStream(watcher.stdin)
  return () => watcher.stdin.end('off\n')
}

function unrefStream(stream: object): void {
  if ('unref' in stream && typeof stream.unref === 'function') stream.unref()
}
