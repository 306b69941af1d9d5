import type { RowEncoder } from '../encoding/row-encoder'
import type { SnapshotLog } from '../storage/snapshot-log'

const EMPTY = Buffer.alloc(0)
const BATCH_BYTES_MIN = 4 * 1024
const BATCH_BYTES_MAX = 256 * 1024

/** Encodes rows, gathers them into few large writes, and closes chunks where they reach their size. */
export class SnapshotWriter {
  /** Handed over to the log when it is full: readers at the snapshot's end are served from it. */
  private batch = EMPTY
  private used = 0
  private isFirst = true
  /** Bytes until the open chunk has reached its size. */
  private room: number
  /** Small shapes must not pay for large ones: batches grow with what has come. */
  private batchBytes = BATCH_BYTES_MIN

  /** `encoder`: puts a separator in front of every item. */
  constructor(
    private readonly log: SnapshotLog,
    private readonly encoder: RowEncoder,
  ) {
    this.room = log.room
  }

  /** Takes one row as COPY writes it: `bytes` from `from` up to `to`. */
  row(bytes: Buffer, from: number, to: number): void {
    const needed = this.encoder.sizeMax(to - from)
    if (this.used + needed > this.batch.length) this.nextBatch(needed)
    this.used = this.encoder.encode(bytes, from, to, this.batch, this.used)
    // The first row goes out at once: somebody waits for it, and a disk that refuses is told while there is no answer yet.
    const closesChunk = this.used >= this.room
    if (this.isFirst || closesChunk) this.flush(closesChunk)
    this.isFirst = false
  }

  end(item: string): void {
    this.flush(false)
    const bytes = Buffer.from(item)
    this.log.append(bytes, bytes.length >= this.log.room)
    this.log.seal()
  }

  private nextBatch(needed: number): void {
    this.flush(false)
    // Memory of its own, not a slice of node's shared pool: it would keep the whole pool.
    this.batch = Buffer.allocUnsafeSlow(Math.max(this.batchBytes, needed))
    this.batchBytes = Math.min(2 * this.batchBytes, BATCH_BYTES_MAX)
  }

  private flush(closesChunk: boolean): void {
    if (this.used === 0) return
    this.log.append(this.batch.subarray(0, this.used), closesChunk)
    this.batch = EMPTY
    this.used = 0
    this.room = this.log.room
  }
}
