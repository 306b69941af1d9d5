import { createServer } from 'node:net'

/** A TCP port of 127.0.0.1 that nobody listens on right now. Somebody may take it before you do: be ready to ask again. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('A listening TCP socket has no port')
  return address.port
}

/** Whether somebody listens on this port of this machine: on every interface, or on 127.0.0.1 alone. */
export async function isPortTaken(port: number): Promise<boolean> {
  return (await isBound(port, '127.0.0.1')) || (await isBound(port, '::'))
}

async function isBound(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(false)))
  })
}
