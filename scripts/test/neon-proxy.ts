import { connect, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { createWebSocketStream, WebSocketServer } from 'ws'

export type NeonProxy = AsyncDisposable & {
  /** `host:port`, as NEON_WS_PROXY and openDatabase take it. */ address: string
}

/** What stands before Postgres at Neon, for any Postgres: a WebSocket whose bytes go to the TCP port that the URL names. */
export async function startNeonProxy(): Promise<NeonProxy> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  server.on('connection', (socket, request) => {
    // The driver connects to /v1?address=host:port
    const address = new URL(request.url ?? '/', 'ws://proxy').searchParams.get('address') ?? ''
    const { hostname, port } = new URL(`tcp://${address}`)
    const upstream = connect({ host: hostname, port: Number(port) })
    const downstream = createWebSocketStream(socket)
    upstream.pipe(downstream).pipe(upstream)
    upstream.on('error', () => socket.terminate())
    downstream.on('error', () => upstream.destroy())
    upstream.on('close', () => socket.close())
    socket.on('close', () => upstream.destroy())
  })
  const { port } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
