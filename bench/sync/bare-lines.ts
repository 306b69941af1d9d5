// The physical limit of one line to many, as a process of its own: a bare HTTP server writes what it is posted to everyone who listens,
// without sessions, database, sync service or framework. node <bundle>; the first line it prints is its port.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const listeners = new Set<ServerResponse>()

const server = createServer((request, response) => {
  if (request.url === '/live') {
    listeners.add(response)
    response.once('close', () => listeners.delete(response))
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    return void response.write(`{"heartbeat":"${new Date().toISOString()}"}\n`)
  }
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const line = Buffer.concat(parts)
    for (const listener of listeners) listener.write(line)
    response.end()
  })
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${String((server.address() as AddressInfo).port)}\n`))
// Whoever started it may be gone.
process.stdin.on('end', () => process.exit(0)).resume()
