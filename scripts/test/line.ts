import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line to a server: TCP connections through it are passed on, until they are cut. */
export type Line = AsyncDisposable & {
  /** The server's address at the near end of the line. */
  url: string
  /** Ends every connection at once, in the middle of whatever it carries; new ones get through. */
  cut(): void
}

/** Lays a line to the server at `url`, on a free port. */
export async function lineTo(url: string): Promise<Line> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    pass(near, far, sockets)
    pass(far, near, sockets)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    async [Symbol.asyncDispose]() {
      server.close()
      cut()
    },
  }
}

function pass(from: Socket, to: Socket, sockets: Set<Socket>): void {
  sockets.add(from)
  from.setNoDelay(true)
  from.pipe(to)
  // What broke it shows in its end.
  from.on('error', () => {})
  from.once('close', (isBroken) => {
    sockets.delete(from)
    if (isBroken) to.destroy()
    else to.destroySoon()
  })
}
