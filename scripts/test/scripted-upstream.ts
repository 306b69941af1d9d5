import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export type UpstreamRequest = {
  url: URL
  headers: IncomingMessage['headers']
  /** Resolves when the asking side let go before an answer. */
  left: Promise<void>
  /** Answers as a sync service does. */
  answer(status: number, headers?: Record<string, string>, body?: string | Uint8Array): void
  /** Sends the head and this much of the body, and leaves the rest open. */
  begin(status: number, headers: Record<string, string>, start: string): void
  end(rest?: string): void
  /** Closes the connection with a reset, wherever the answer stands. */
  reset(): void
}

export type ScriptedUpstream = AsyncDisposable & {
  url: string
  /** The next request that arrives, in order; waits for it. */
  next(): Promise<UpstreamRequest>
  /** How many requests arrived so far. */
  count(): number
}

/**
 * A sync service that does what a test says, for what a real one does only when something fails: resets, hangs, odd errors.
 * Data and protocol are tested against the real one (`testSyncService`). `isHealthy` answers health checks by itself.
 */
export async function scriptedUpstream({ isHealthy = false } = {}): Promise<ScriptedUpstream> {
  const arrived: UpstreamRequest[] = []
  const waiting: ((request: UpstreamRequest) => void)[] = []
  let count = 0
  const server = createServer((incoming, outgoing) => {
    if (isHealthy && incoming.url === '/v1/health') return void outgoing.end('{"status":"active"}')
    count += 1
    const request = toRequest(incoming, outgoing)
    const waiter = waiting.shift()
    if (waiter) waiter(request)
    else arrived.push(request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A listening TCP server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    count: () => count,
    next() {
      const request = arrived.shift()
      return request ? Promise.resolve(request) : new Promise((resolve) => waiting.push(resolve))
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function toRequest(incoming: IncomingMessage, outgoing: ServerResponse): UpstreamRequest {
  return {
    url: new URL(incoming.url ?? '/', 'http://upstream'),
    headers: incoming.headers,
    left: new Promise((resolve) => outgoing.once('close', () => outgoing.writableFinished || resolve())),
    answer: (status, headers = {}, body = '') => void outgoing.writeHead(status, headers).end(body),
    begin: (status, headers, start) => {
      outgoing.writeHead(status, headers).flushHeaders()
      if (start !== '') outgoing.write(start)
    },
    end: (rest = '') => void outgoing.end(rest),
    reset: () => void incoming.socket.resetAndDestroy(),
  }
}
