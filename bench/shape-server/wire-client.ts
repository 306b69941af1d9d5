import net from 'node:net'

export interface WireResponse {
  status: number
  /** A header by its name in lower case, as the sync services write it; null where it is missing. */
  header(name: string): string | null
  body: Buffer
}

/** A bare HTTP/1.1 client on one socket: as little as possible between the wire and the measurement. */
export class WireClient {
  private pieces: Buffer[] = []
  private head: Head | null = null
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
      this.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.host}\r\n\r\n`, 'latin1')
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
    this.pieces.push(piece)
    this.head ??= readHead(this.pieces)
    if (this.head === null || !isWhole(this.head, this.pieces)) return
    const bytes = this.pieces.length === 1 ? piece : Buffer.concat(this.pieces)
    const { bodyAt, status, header, length } = this.head
    const body = length === null ? dechunk(bytes.subarray(bodyAt)) : bytes.subarray(bodyAt, bodyAt + length)
    this.pieces = []
    this.head = null
    const waiting = this.waiting
    this.waiting = null
    waiting?.resolve({ status, header, body })
  }
}

interface Head {
  status: number
  header: WireResponse['header']
  bodyAt: number
  /** Of the body; null for one in chunks. */
  length: number | null
}

function readHead(pieces: Buffer[]): Head | null {
  const bytes = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return null
  const head = bytes.toString('latin1', 0, end + 2)
  const header = (name: string) => headerOf(head, name)
  const length = header('content-length')
  return { status: Number(head.slice(9, 12)), header, bodyAt: end + 4, length: length === null ? null : Number(length) }
}

function isWhole({ bodyAt, length }: Head, pieces: Buffer[]): boolean {
  if (length !== null) return pieces.reduce((sum, piece) => sum + piece.length, 0) >= bodyAt + length
  return pieces.at(-1)?.toString('latin1').endsWith('0\r\n\r\n') === true
}

function headerOf(head: string, name: string): string | null {
  const at = head.indexOf(`\r\n${name}: `)
  if (at === -1) return null
  const from = at + name.length + 4
  return head.slice(from, head.indexOf('\r\n', from))
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
