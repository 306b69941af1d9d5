import net from 'node:net'

export interface WireResponse {
  status: number
  headers: Map<string, string>
  body: Buffer
}

/** A bare HTTP/1.1 client on one socket: as little as possible between the wire and the measurement. */
export class WireClient {
  private buffered: Buffer = Buffer.alloc(0)
  private waiting: { resolve: (response: WireResponse) => void; reject: (error: Error) => void } | null = null

  private constructor(
    private readonly socket: net.Socket,
    private readonly host: string,
  ) {
    socket.on('data', (piece: Buffer) => this.receive(piece))
    socket.on('close', () => this.waiting?.reject(new Error('closed')))
    socket.on('error', () => undefined)
  }

  static async connect(url: string): Promise<WireClient> {
    const { hostname, port, host } = new URL(url)
    const socket = net.connect(Number(port), hostname)
    socket.setNoDelay(true)
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new WireClient(socket, host)
  }

  get(path: string): Promise<WireResponse> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
      this.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.host}\r\n\r\n`)
    })
  }

  /** Sends a request and hands over what comes, as it comes. */
  stream(path: string, onText: (text: string) => void): void {
    this.socket.removeAllListeners('data')
    this.socket.on('data', (piece: Buffer) => onText(piece.toString('utf8')))
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.host}\r\nAccept: text/event-stream\r\n\r\n`)
  }

  close(): void {
    this.waiting = null
    this.socket.destroy()
  }

  private receive(piece: Buffer): void {
    this.buffered = this.buffered.length === 0 ? piece : Buffer.concat([this.buffered, piece])
    const response = parse(this.buffered)
    if (!response) return
    this.buffered = Buffer.alloc(0)
    const waiting = this.waiting
    this.waiting = null
    waiting?.resolve(response)
  }
}

function parse(bytes: Buffer): WireResponse | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    }),
  )
  const status = Number(first.split(' ')[1])
  const length = headers.get('content-length')
  if (length !== undefined) {
    if (bytes.length < end + 4 + Number(length)) return null
    return { status, headers, body: bytes.subarray(end + 4, end + 4 + Number(length)) }
  }
  if (bytes.length < 5 || bytes.toString('latin1', bytes.length - 5) !== '0\r\n\r\n') return null
  return { status, headers, body: dechunk(bytes.subarray(end + 4)) }
}

function dechunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
