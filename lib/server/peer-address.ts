import 'server-only'
import { randomBytes } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import { IncomingMessage } from 'node:http'
import { processWide } from './process-wide'

/**
 * A header in which this process tells itself who is at the other end of a request's connection. Handlers never see the socket, and
 * Next keeps whatever a client wrote into x-forwarded-for. The name is made anew by every process: no client can send it.
 */
const peerHeader = () => processWide('peer-header', () => `backline-peer-${randomBytes(16).toString('hex')}`)

/** From now on every request that an HTTP server of this process receives tells `peerAddress` where it came from. */
export function tellPeerAddresses(): void {
  processWide('tells-peer-addresses', () => {
    // Published before the server's own listeners run: https://nodejs.org/api/diagnostics_channel.html#http
    subscribe('http.server.request.start', (message) => {
      const request = requestOf(message)
      const address = request?.socket.remoteAddress
      if (!request || address === undefined) return
      request.headers[peerHeader()] = address
      request.headersDistinct[peerHeader()] = [address]
    })
    return true
  })
}

/** The network address at the other end of a request's connection: a client's, or a proxy's. Null where the platform hides it. */
export function peerAddress(headers: Headers): string | null {
  return headers.get(peerHeader())
}

function requestOf(message: unknown): IncomingMessage | null {
  if (typeof message !== 'object' || message === null || !('request' in message)) return null
  return message.request instanceof IncomingMessage ? message.request : null
}
