import { crc32 } from 'node:zlib'
import { opPositionOf, SEPARATOR } from '../encoding/message'
import type { Blob } from './blob'
import { CHUNK_END, COMMIT, decodeRecord, encodeRecord, RECORD_BYTES } from './log-index'
import type { LogRecord } from './log-index'
import { comparePositions, SNAPSHOT_END } from './position'
import type { Position } from './position'
import { readRange } from './read-range'

/** A range of the log, ready to be sent: items with a separator in front of each. */
export interface LogRange {
  /** Where the reader stands after it. */
  end: Position
  /** Nothing is behind it. */
  isAtEnd: boolean
  /** Bytes in memory when the range is recent, else a way to read them. */
  bytes: { kind: 'memory'; parts: Buffer[] } | { kind: 'stored'; from: number; to: number }
}

/** A stretch of the log that is still in memory. */
interface TailEntry extends LogRecord {
  start: number
  /** Null once it is only on disk: a part of a transaction too big for memory. */
  bytes: Buffer | null
}

const TAIL_BYTES_MAX = 1 << 20
const EMPTY = Buffer.alloc(0)
const STRETCH_CHARS = 1 << 20
/** Uncommitted bytes that are kept in memory. */
const OPEN_BYTES_MAX = 8 << 20

/**
 * The transactions of one shape: appended in memory and told to readers at once, written to the blobs by `flush`.
 * A transaction becomes visible whole, with `commit`; one too big for memory is written ahead and becomes visible with its last record.
 */
export class ShapeLog {
  /** The last change anybody may read. */
  end: Position = SNAPSHOT_END
  /** Size of the transaction committed last. */
  lastCommitBytes = 0
  private readonly chunkEnds: { at: number; position: Position }[] = []
  private chunkBytes = 0
  /** Committed stretches in memory; those before `unflushedFrom` are also stored. */
  private tail: TailEntry[] = []
  private unflushedFrom = 0
  private tailBytes = 0
  /** Everything after this position is in `tail`. */
  private tailAfter: Position = SNAPSHOT_END
  private size = 0
  private staged = ''
  private stagedOp = 0
  private open: TailEntry[] = []
  private openBytes = 0

  constructor(
    private readonly data: Blob,
    private readonly index: Blob,
    private readonly chunkBytesMax: number,
  ) {}

  /** Whether something is committed but not yet stored. */
  get isDirty(): boolean {
    return this.unflushedFrom < this.tail.length
  }

  /** Bytes of the log and its index. */
  get bytes(): number {
    return this.size + this.index.size
  }

  /** Adds an item of the transaction under way; nobody sees it before `commit`. */
  stage(item: string, op: number): void {
    this.staged += SEPARATOR + item
    this.stagedOp = op
    this.chunkBytes += Buffer.byteLength(item) + 1
    if (this.chunkBytes >= this.chunkBytesMax) this.close(CHUNK_END)
    else if (this.staged.length >= STRETCH_CHARS) this.close(0)
  }

  /** Makes what was staged visible. */
  commit(tx: bigint): void {
    if (this.staged !== '') this.close(COMMIT)
    else if (this.open.length > 0) this.markLast(COMMIT)
    if (this.open.length === 0) return
    this.lastCommitBytes = this.size - (this.open[0]?.start ?? this.size)
    for (const entry of this.open) {
      entry.tx = tx
      if (entry.flags & CHUNK_END) this.chunkEnds.push({ at: entry.end, position: { tx, op: entry.op } })
      this.tail.push(entry)
      this.tailBytes += entry.bytes?.length ?? 0
    }
    this.end = { tx, op: this.open.at(-1)?.op ?? 0 }
    this.open = []
    this.openBytes = 0
  }

  /** Forgets what was staged since the last commit (the connection broke inside a transaction). */
  discard(): void {
    this.staged = ''
    const first = this.open[0]
    this.open = []
    this.openBytes = 0
    if (first) this.size = first.start
    const lastChunk = this.chunkEnds.at(-1)?.at ?? 0
    this.chunkBytes = this.size - lastChunk
  }

  /** Whether a reader at `after` has something to read. */
  hasAfter(after: Position): boolean {
    return comparePositions(after, this.end) < 0
  }

  /** The log after a position, up to the end of its chunk. */
  read(after: Position): LogRange {
    if (!this.hasAfter(after)) return { end: this.end, isAtEnd: true, bytes: { kind: 'memory', parts: [] } }
    return comparePositions(after, this.tailAfter) >= 0 ? this.readTail(after) : this.readStored(after)
  }

  /** Bytes of a stored range, in pieces a socket can take; each is valid until the next is asked for. */
  stream(from: number, to: number, pieceBytes?: number): AsyncGenerator<Buffer> {
    return readRange(this.data, from, to, pieceBytes)
  }

  /** Writes what is committed. Throws when the disk refuses; nothing is lost then, and a later flush tries again. */
  flush(): void {
    const entries = this.tail.slice(this.unflushedFrom)
    if (entries.length === 0) return
    this.storeBytes(entries)
    this.index.append(entries.map(encodeRecord))
    this.unflushedFrom = this.tail.length
    this.trimTail()
  }

  /** Makes what is flushed survive a power cut. */
  async sync(): Promise<void> {
    await this.data.sync()
    await this.index.sync()
  }

  /** Gives back the memory of stored stretches: nobody has read them for a while. */
  dropTail(): void {
    if (this.unflushedFrom < this.tail.length || this.tail.length === 0) return
    this.tail = []
    this.tailBytes = 0
    this.unflushedFrom = 0
    this.tailAfter = this.end
  }

  /** Reads the state back from the blobs and cuts off a torn end. False when something on record was lost with it. */
  recover(): boolean {
    // Most shapes of a long list never changed: nothing is opened for them.
    if (this.index.size === 0) return true
    const records = this.index.readSync(0, this.index.size)
    let at = 0
    let committed = 0
    let from = 0
    const chunks: LogRecord[] = []
    for (;;) {
      const record = decodeRecord(records, at)
      if (!record || record.end < from || record.end > this.data.size) break
      if (crc32(this.data.readSync(from, record.end - from)) !== record.crc) break
      at += RECORD_BYTES
      from = record.end
      if (record.flags & CHUNK_END) chunks.push(record)
      if (!(record.flags & COMMIT)) continue
      committed = at
      this.size = record.end
      this.end = { tx: record.tx, op: record.op }
    }
    // Less than a record is a write that was cut off, and what was never whole was never synced nor acknowledged.
    const isWhole = records.length - at < RECORD_BYTES
    this.index.truncate(committed)
    this.data.truncate(this.size)
    for (const chunk of chunks) {
      if (chunk.end <= this.size) this.chunkEnds.push({ at: chunk.end, position: { tx: chunk.tx, op: chunk.op } })
    }
    this.chunkBytes = this.size - (this.chunkEnds.at(-1)?.at ?? 0)
    this.tailAfter = this.end
    return isWhole
  }

  /** Ends the log: what waited is never written. */
  remove(): void {
    this.discard()
    this.tail = []
    this.unflushedFrom = 0
    this.data.remove()
    this.index.remove()
  }

  private close(flags: number): void {
    const bytes = Buffer.from(this.staged)
    const start = this.size
    this.size += bytes.length
    this.open.push({ tx: 0n, op: this.stagedOp, flags, start, end: this.size, bytes, crc: crc32(bytes) })
    this.staged = ''
    if (flags & CHUNK_END) this.chunkBytes = 0
    this.openBytes += bytes.length
    if (this.openBytes > OPEN_BYTES_MAX && !(flags & COMMIT)) this.spill()
  }

  /** Writes bytes behind what is written already; what an aborted transaction or a failed write left there is cut off. */
  private storeBytes(entries: TailEntry[]): void {
    const unstored = entries.filter((entry) => entry.bytes !== null)
    const first = unstored[0]
    if (!first) return
    if (this.data.size !== first.start) this.data.truncate(first.start)
    this.data.append(unstored.map((entry) => entry.bytes ?? EMPTY))
  }

  /** Moves what is uncommitted from memory to disk; its index records follow with the commit. */
  private spill(): void {
    try {
      this.flush()
      this.storeBytes(this.open)
    } catch {
      // The disk refuses: it stays in memory, and the flush that fails as well holds the stream back.
      return
    }
    for (const entry of this.open) entry.bytes = null
    this.openBytes = 0
  }

  private markLast(flag: number): void {
    const last = this.open.at(-1)
    if (last) last.flags |= flag
  }

  private readTail(after: Position): LogRange {
    const parts: Buffer[] = []
    let low = 0
    let high = this.tail.length
    while (low < high) {
      const middle = (low + high) >> 1
      const entry = this.tail[middle]
      if (entry && comparePositions(entry, after) <= 0) low = middle + 1
      else high = middle
    }
    let last: TailEntry | undefined
    for (let i = low; i < this.tail.length; i++) {
      const entry = this.tail[i]
      if (!entry) break
      if (entry.bytes === null) return this.readStored(after)
      parts.push(last === undefined && entry.tx === after.tx ? itemsAfter(entry.bytes, after.op) : entry.bytes)
      last = entry
      if (entry.flags & CHUNK_END) break
    }
    const end = last ? { tx: last.tx, op: last.op } : this.end
    return { end, isAtEnd: comparePositions(end, this.end) >= 0, bytes: { kind: 'memory', parts } }
  }

  private readStored(after: Position): LogRange {
    this.flush()
    const { record, from } = this.locate(after)
    const chunk = this.chunkEnds.find((candidate) => candidate.at > from)
    const to = chunk?.at ?? this.size
    const end = chunk?.position ?? this.end
    const isAtEnd = comparePositions(end, this.end) >= 0
    if (record.tx !== after.tx) return { end, isAtEnd, bytes: { kind: 'stored', from, to } }
    // The reader stands inside a transaction: the items it has are left out.
    const first = this.data.readSync(from, record.end - from)
    const rest = itemsAfter(first, after.op)
    return { end, isAtEnd, bytes: { kind: 'stored', from: record.end - rest.length, to } }
  }

  /** The first stored stretch that ends after a position. */
  private locate(after: Position): { record: LogRecord; from: number } {
    let low = 0
    let high = this.index.size / RECORD_BYTES
    while (low < high) {
      const middle = (low + high) >> 1
      if (comparePositions(this.recordAt(middle), after) <= 0) low = middle + 1
      else high = middle
    }
    return { record: this.recordAt(low), from: low === 0 ? 0 : this.recordAt(low - 1).end }
  }

  private recordAt(number: number): LogRecord {
    const record = decodeRecord(this.index.readSync(number * RECORD_BYTES, RECORD_BYTES), 0)
    if (!record) throw new Error('the index of a shape log is damaged')
    return record
  }

  private trimTail(): void {
    if (this.tailBytes <= TAIL_BYTES_MAX) return
    let drop = 0
    // Down to half, so that the cost of moving the rest is paid rarely.
    while (this.tailBytes > TAIL_BYTES_MAX / 2 && drop < this.unflushedFrom) {
      this.tailBytes -= this.tail[drop]?.bytes?.length ?? 0
      drop++
    }
    const last = this.tail[drop - 1]
    if (!last) return
    this.tailAfter = { tx: last.tx, op: last.op }
    this.tail = this.tail.slice(drop)
    this.unflushedFrom -= drop
  }
}

/** The items of a stretch behind a position of its transaction. Items hold no raw newline but the separator's. */
function itemsAfter(bytes: Buffer, op: number): Buffer {
  let at = 0
  while (at < bytes.length) {
    const next = bytes.indexOf(SEPARATOR, at + SEPARATOR.length)
    const end = next === -1 ? bytes.length : next
    if (opPositionOf(bytes.toString('utf8', at, end)) > op) break
    at = end
  }
  return bytes.subarray(at)
}
