import { connect } from 'node:net'

export interface LineRequest {
  url: string
  headers?: Readonly<Record<string, string>>
  body?: string
}

// Bytes are looked at as they come and never kept, so that all sockets can share what they are read into.
const received = Buffer.alloc(64 * 1024)

/**
 * A live answer that is listened to at the least cost: a thousand clients share two cores with the server, and what they do with a line
 * is part of what is measured.
 */
export class LineListener {
  readonly #socket
  /** What is done with bytes that arrive. */
  #onBytes: (bytes: Buffer) => void = () => undefined

  private constructor(url: URL) {
    const callback = (size: number) => {
      this.#onBytes(received.subarray(0, size))
      return true
    }
    this.#socket = connect({ host: url.hostname, port: Number(url.port), onread: { buffer: received, callback } })
    this.#socket.on('error', () => undefined)
  }

  /** Posts a request on a connection of its own; resolves with its first heartbeat. */
  static async open({ url, headers = {}, body = '' }: LineRequest): Promise<LineListener> {
    const { host, pathname } = new URL(url)
    const all = {
      host,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    const listener = new LineListener(new URL(url))
    const begun = listener.hears('heartbeat')
    listener.#socket.write(`POST ${pathname} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
    await begun
    return listener
  }

  /** Resolves when bytes with this text have arrived; rejects when the answer ends before. */
  hears(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const lose = () => reject(new Error(`an answer ended before ${text} came`))
      this.#socket.once('close', lose)
      this.#onBytes = (bytes) => {
        if (!bytes.includes(text)) return
        this.#onBytes = () => undefined
        this.#socket.off('close', lose)
        resolve()
      }
    })
  }

  close(): void {
    this.#socket.destroy()
  }
}
