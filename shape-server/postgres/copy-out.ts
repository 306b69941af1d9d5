import type pg from 'pg'

/**
 * What a COPY hands over: one row lies in `bytes` from `from` up to `to`, its newline included, valid during the call only. A promise stops
 * the reading until it resolves; rows that were received already still come.
 */
export type CopyRowSink = (bytes: Buffer, from: number, to: number) => Promise<void> | null

type Listener = (bytes: Buffer) => void

/** The part of pg's connection that is needed here. */
interface WireConnection {
  stream: {
    pause(): void
    resume(): void
    destroy(): void
    listeners(event: 'data'): unknown[]
    removeAllListeners(event: 'data'): void
    on(event: 'data', listener: Listener): void
  }
  query(text: string): void
}

const FRAME_HEAD_BYTES = 5
/** Read in one turn of the event loop: left to itself the socket hands over 2 MB, and whoever reads along waits for all of it. */
const TURN_BYTES = 512 * 1024
const COPY_DATA = 0x64 // d
const READY_FOR_QUERY = 0x5a // Z

/**
 * `COPY … TO STDOUT` on a pg client. Rows are cut from what the socket hands over, before pg's own parser makes an object of each: that
 * alone would cost as much as everything else that is done with a row. All other messages go to pg as they came.
 */
class CopyOut {
  private connection: WireConnection | null = null
  private listeners: Listener[] = []
  /** What was received of a message that is not whole yet. */
  private pieces: Buffer[] = []
  private pending = 0
  private needed = FRAME_HEAD_BYTES
  private endMessage: Buffer = Buffer.alloc(0)
  private hasFailed = false
  /** Read in the present turn. */
  private turnBytes = 0
  /** How many wait to have the socket read on. */
  private pauses = 0

  constructor(
    private readonly text: string,
    private readonly onRow: CopyRowSink,
    private readonly settle: (error: Error | null) => void,
  ) {}

  submit(connection: WireConnection): void {
    this.connection = connection
    const { stream } = connection
    this.listeners = stream.listeners('data') as Listener[]
    stream.removeAllListeners('data')
    stream.on('data', (bytes) => this.receive(bytes))
    connection.query(this.text)
  }
  handleRowDescription(): void {
    // COPY has none.
  }
  handleCommandComplete(): void {
    // ReadyForQuery follows.
  }
  handleEmptyQuery(): void {
    // Never empty.
  }
  handleError(error: Error): void {
    this.settle(error)
  }
  handleReadyForQuery(): void {
    this.settle(null)
  }

  private receive(piece: Buffer): void {
    this.turnBytes += piece.length
    if (this.turnBytes >= TURN_BYTES) this.endTurn()
    let at = 0
    while (this.pieces.length > 0 && at < piece.length) {
      at += this.addPiece(piece.subarray(at))
      if (this.pending < this.needed) continue
      const bytes = Buffer.concat(this.pieces)
      this.needed = lengthOf(bytes, 0)
      this.pieces = bytes.length < this.needed ? [bytes] : []
      if (bytes.length === this.needed && this.message(bytes, 0, bytes.length)) return this.giveBack(piece.subarray(at))
    }
    this.readMessages(piece, at)
  }

  /** Adds to the message under way what it needs; returns how much that was. */
  private addPiece(piece: Buffer): number {
    const part = piece.subarray(0, this.needed - this.pending)
    this.pieces.push(part)
    this.pending += part.length
    return part.length
  }

  /** Takes the messages that are whole, and keeps what is left over. */
  private readMessages(bytes: Buffer, from: number): void {
    let at = from
    while (at + FRAME_HEAD_BYTES <= bytes.length) {
      const end = at + lengthOf(bytes, at)
      if (end > bytes.length) break
      if (this.message(bytes, at, end)) return this.giveBack(bytes.subarray(end))
      at = end
    }
    if (at === bytes.length) return
    const rest = bytes.subarray(at)
    this.pieces = [rest]
    this.pending = rest.length
    this.needed = rest.length < FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES : lengthOf(rest, 0)
  }

  /** Takes one message; true when it ends the query. */
  private message(bytes: Buffer, at: number, end: number): boolean {
    if (bytes[at] === COPY_DATA) this.row(bytes, at + FRAME_HEAD_BYTES, end)
    else if (bytes[at] === READY_FOR_QUERY) this.endMessage = bytes.subarray(at, end)
    else this.pass(bytes.subarray(at, end))
    return bytes[at] === READY_FOR_QUERY
  }

  private row(bytes: Buffer, from: number, to: number): void {
    if (this.hasFailed) return
    let wait: Promise<void> | null
    try {
      wait = this.onRow(bytes, from, to)
    } catch (error) {
      // Thrown here it would end the process: it belongs to whoever asked for the rows, and ends this connection.
      this.hasFailed = true
      this.connection?.stream.destroy()
      return this.settle(error instanceof Error ? error : new Error(String(error)))
    }
    if (wait) this.pauseFor(wait)
  }

  private endTurn(): void {
    this.turnBytes = 0
    this.pauseFor(new Promise((resolve) => setImmediate(resolve)))
  }

  private pauseFor(wait: Promise<void>): void {
    if (this.pauses++ === 0) this.connection?.stream.pause()
    const resume = () => {
      if (--this.pauses === 0) this.connection?.stream.resume()
    }
    wait.then(resume, resume)
  }

  private pass(bytes: Buffer): void {
    for (const listener of this.listeners) listener(bytes)
  }

  /** The query is over: before pg learns of it and begins the next one, the socket is its own again. */
  private giveBack(rest: Buffer): void {
    const stream = this.connection?.stream
    stream?.removeAllListeners('data')
    for (const listener of this.listeners) stream?.on('data', listener)
    this.pass(Buffer.concat([this.endMessage, rest]))
  }
}

/** Length of the message that begins at `at`, with its tag. */
function lengthOf(bytes: Buffer, at: number): number {
  return 1 + bytes.readUInt32BE(at + 1)
}

/** Runs a COPY TO STDOUT statement; resolves when its last row was handed over. */
export function copyOut(client: pg.ClientBase, statement: string, onRow: CopyRowSink): Promise<void> {
  return new Promise((resolve, reject) => {
    const submittable = new CopyOut(statement, onRow, (error) => (error ? reject(error) : resolve()))
    client.query(submittable as unknown as pg.Submittable)
  })
}
