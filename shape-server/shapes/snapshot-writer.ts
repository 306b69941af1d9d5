import { SEPARATOR } from '../encoding/message'
import type { RowEncoder } from '../encoding/row-encoder'
import type { SnapshotLog } from '../storage/snapshot-log'

const BATCH_BYTES = 256 * 1024

/** Encodes rows, gathers them into few large writes, and closes chunks where they reach their size. */
export class SnapshotWriter {
  private batch = Buffer.allocUnsafe(BATCH_BYTES)
  private used = 0
  private isFirst = true

  constructor(
    private readonly log: SnapshotLog,
    private readonly encoder: RowEncoder,
  ) {}

  /** Takes one row as COPY writes it. */
  row(bytes: Buffer): void {
    const needed = this.encoder.sizeMax(bytes) + SEPARATOR.length
    if (this.used + needed > this.batch.length) {
      this.flush(false)
      if (needed > this.batch.length) this.batch = Buffer.allocUnsafe(needed)
    }
    this.used += this.batch.write(SEPARATOR, this.used, 'latin1')
    this.used = this.encoder.encode(bytes, this.batch, this.used)
    // The first rows go out at once: somebody waits for them.
    const closesChunk = this.used >= this.log.room
    if (this.isFirst || closesChunk) this.flush(closesChunk)
    this.isFirst = false
  }

  end(item: string): void {
    this.flush(false)
    const bytes = Buffer.from(item)
    this.log.append([bytes], bytes.length >= this.log.room)
    this.log.seal()
  }

  private flush(closesChunk: boolean): void {
    if (this.used === 0) return
    this.log.append([Buffer.from(this.batch.subarray(0, this.used))], closesChunk)
    this.used = 0
  }
}
