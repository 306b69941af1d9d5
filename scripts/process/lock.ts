import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** `taken.by` is what the holder says about itself. */
export type LockAttempt = { kind: 'held'; release(): Promise<void> } | { kind: 'taken'; by: string }

/**
 * Tries to become the only process of this account that holds `name`. The holder listens on a socket named after it, so the kernel
 * lets go however the process ends (a file with a process id would outlive a kill, and ids are used again), and whoever comes
 * second can ask who it is.
 */
export async function tryLock(name: string, description: string): Promise<LockAttempt> {
  const path = socketPath(name)
  const other = await ask(path)
  if (other !== undefined) return { kind: 'taken', by: other }
  if (process.platform !== 'win32') rmSync(path, { force: true })
  const server = await listen(path, description)
  if (server === undefined) return { kind: 'taken', by: (await ask(path)) ?? 'just starting' }
  server.unref()
  return { kind: 'held', release: () => new Promise((resolve) => server.close(() => resolve())) }
}

function socketPath(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16)
  const file = `backline-${process.getuid?.() ?? 'user'}-${hash}.sock`
  // In the temporary directory, because a socket's path may have only about 100 characters.
  return process.platform === 'win32' ? `\\\\.\\pipe\\${file}` : join(tmpdir(), file)
}

async function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk.toString()))
    socket.on('error', () => {})
    socket.once('close', (hadError) => resolve(hadError ? undefined : answer))
  })
}

async function listen(path: string, description: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.end(description)
    })
    server.once('error', () => resolve(undefined))
    server.listen(path, () => resolve(server))
  })
}
