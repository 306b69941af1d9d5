import { SEPARATOR } from '../encoding/message'
import type { SnapshotLog } from '../storage/snapshot-log'

const BATCH_BYTES = 256 * 1024

/** Gathers rows into few large writes, and closes chunks where they reach their size. */
export class SnapshotWriter {
  private readonly batch = Buffer.allocUnsafe(BATCH_BYTES)
  private used = 0
  private isFirst = true

  constructor(private readonly log: SnapshotLog) {}

  /** Takes one row, a newline behind it. */
  row(bytes: Buffer): void {
    const length = bytes.length - 1 + SEPARATOR.length
    if (this.used + length > BATCH_BYTES) this.flush(false)
    if (length > BATCH_BYTES) {
      this.append([Buffer.from(SEPARATOR), Buffer.from(bytes.subarray(0, -1))])
      return
    }
    this.used += this.batch.write(SEPARATOR, this.used, 'latin1')
    this.used += bytes.copy(this.batch, this.used, 0, bytes.length - 1)
    // The first rows go out at once: somebody waits for them.
    if (this.isFirst || this.used >= this.log.room) this.flush(this.used >= this.log.room)
    this.isFirst = false
  }

  end(item: string): void {
    this.flush(false)
    this.append([Buffer.from(item)])
    this.log.complete()
  }

  private append(parts: Uint8Array[]): void {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    this.log.append(parts, bytes >= this.log.room)
  }

  private flush(closesChunk: boolean): void {
    if (this.used === 0) return
    this.log.append([Buffer.from(this.batch.subarray(0, this.used))], closesChunk)
    this.used = 0
  }
}
