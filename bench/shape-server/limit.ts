import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { bundle } from '@/scripts/run.mjs'

/** The bare fan-out as a running process. */
export interface Limit extends AsyncDisposable {
  pid: number
  startMs: number
  /** Opens a socket for all changes (`/`), those of one key (`/?key=5`), or for the latest of them at once (`/kept`). */
  connect(path: string, onText: (text: string) => void): Promise<WebSocket>
}

/** Starts the bare fan-out on a database that has the bench's tables. */
export async function startLimit(databaseUrl: string): Promise<Limit> {
  const file = await bundle('bench/shape-server/limit-process.ts')
  const begun = performance.now()
  const child = spawn(process.execPath, [file, databaseUrl, `bench_limit_${String(process.pid)}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString('latin1'))
  return {
    pid: child.pid ?? 0,
    startMs: performance.now() - begun,
    connect: (path, onText) => connect(`ws://127.0.0.1:${String(port)}${path}`, onText),
    async [Symbol.asyncDispose]() {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

/** Resolves when the server knows of the socket: what is written from then on arrives. */
function connect(url: string, onText: (text: string) => void): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.once('message', () => {
      socket.on('message', (bytes: Buffer, isBinary) => !isBinary && onText(bytes.toString('latin1')))
      resolve(socket)
    })
  })
}
