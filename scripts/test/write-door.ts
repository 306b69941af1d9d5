import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { POST } from '@/app/api/writes/route'
import { database } from '@/db/client'

/** Serves `POST /api/writes` over HTTP in this process, on a free port. Settings come from the environment. */
export async function serveWriteDoor(): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const headers = new Headers(
        Object.entries(incoming.headers).flatMap(([k, v]) => (typeof v === 'string' ? [[k, v]] : [])) as [
          string,
          string,
        ][],
      )
      const request = new Request('http://127.0.0.1/api/writes', {
        method: 'POST',
        headers,
        body: Buffer.concat(chunks),
      })
      void POST(request).then(async (response) => {
        outgoing.writeHead(response.status, Object.fromEntries(response.headers))
        outgoing.end(Buffer.from(await response.arrayBuffer()))
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await database().close()
    },
  }
}
