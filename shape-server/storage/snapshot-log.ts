import { crc32 } from 'node:zlib'
import type { Blob } from './blob'
import { readRange } from './read-range'

const VERIFY_BYTES = 1 << 20
/** Bytes of the growing end that readers get without the disk. */
const FRESH_BYTES_MAX = 4 << 20

/** The shape went away: whoever still writes or reads it begins anew. */
export class RemovedError extends Error {
  constructor() {
    super('the shape was removed')
  }
}

/**
 * The snapshot of one shape: rows in stored form, written while they are read. Chunk `k` ends at `chunkEnds[k]`;
 * the last chunk ends with the snapshot.
 */
export class SnapshotLog {
  readonly chunkEnds: number[] = []
  isComplete = false
  /** Nothing is appended any more; whether there is a chunk behind the last one is only told when it is complete. */
  private isSealed = false
  /** Checksum of everything appended. */
  crc = 0
  private waiting: (() => void)[] = []
  private failure: Error | null = null
  /** What was appended last, while the snapshot grows. */
  private fresh: { at: number; bytes: Uint8Array }[] = []
  private freshBytes = 0

  constructor(
    private readonly blob: Blob,
    private readonly chunkBytesMax: number,
  ) {}

  get size(): number {
    return this.blob.size
  }

  /** Room left in the open chunk, in bytes. */
  get room(): number {
    return this.chunkBytesMax - (this.blob.size - this.openChunkStart())
  }

  /**
   * Adds whole items, whose bytes now belong to the log; `closesChunk` when the last of them reached the chunk's size. Throws when the disk
   * refuses, and when the shape was removed: a snapshot that is being taken ends there.
   */
  append(bytes: Uint8Array, closesChunk: boolean): void {
    this.mustGoOn()
    const at = this.blob.size
    this.blob.append([bytes])
    this.crc = crc32(bytes, this.crc)
    this.keepFresh(at, bytes)
    if (closesChunk) this.chunkEnds.push(this.blob.size)
    this.wake()
  }

  /** Closes the last chunk; nothing is appended any more. */
  seal(): void {
    this.isSealed = true
    if (this.openChunkStart() < this.blob.size) this.chunkEnds.push(this.blob.size)
  }

  /** Tells readers that there is nothing more. A sealed snapshot is told complete only when it is on record. */
  complete(): void {
    this.isComplete = true
    this.fresh = []
    this.wake()
  }

  /** Readers that stream the snapshot are cut: what they got so far has no end. */
  fail(error: Error): void {
    this.failure = error
    this.wake()
  }

  /** Takes over what was stored before a restart; its bytes are checked when they may not have reached the disk. */
  restore(chunkEnds: number[], crcToVerify: number | null): boolean {
    if ((chunkEnds.at(-1) ?? 0) !== this.blob.size) return false
    if (crcToVerify !== null && this.storedCrc() !== crcToVerify) return false
    this.chunkEnds.push(...chunkEnds)
    this.isSealed = true
    this.isComplete = true
    return true
  }

  /**
   * Whether chunk `k` exists. Waits while that is not known yet; a closed chunk is always followed by another one, because the
   * snapshot's end is an item of its own.
   */
  async hasChunk(k: number): Promise<boolean> {
    for (;;) {
      this.mustGoOn()
      if (k <= this.chunkEnds.length - (this.isSealed ? 1 : 0)) return true
      if (this.isComplete) return false
      await this.change()
    }
  }

  /**
   * The bytes of chunk `k`, following it while it grows; each piece is valid until the next is asked for. Ends by throwing when the
   * snapshot fails.
   */
  async *stream(k: number): AsyncGenerator<Buffer> {
    let at = k === 0 ? 0 : (this.chunkEnds[k - 1] ?? 0)
    for (;;) {
      this.mustGoOn()
      const end = this.chunkEnds[k] ?? this.blob.size
      const fresh = at < end ? this.freshAt(at, end) : null
      if (fresh) {
        at += fresh.length
        yield fresh
      } else if (at < end) {
        for await (const piece of readRange(this.blob, at, end)) {
          this.mustGoOn()
          yield piece
        }
        at = end
      } else if (this.chunkEnds[k] !== undefined) {
        return
      } else {
        await this.change()
      }
    }
  }

  async sync(): Promise<void> {
    await this.blob.sync()
  }

  remove(): void {
    this.fail(new RemovedError())
    this.fresh = []
    this.blob.remove()
  }

  private mustGoOn(): void {
    if (this.failure) throw this.failure
  }

  private keepFresh(at: number, bytes: Uint8Array): void {
    this.fresh.push({ at, bytes })
    this.freshBytes += bytes.length
    while (this.freshBytes > FRESH_BYTES_MAX) this.freshBytes -= this.fresh.shift()?.bytes.length ?? 0
  }

  /** The bytes from `at` on that were appended at one time and lie before `end`, if they are still there. */
  private freshAt(at: number, end: number): Buffer | null {
    const found = this.fresh.find((part) => part.at <= at && at < part.at + part.bytes.length)
    if (!found) return null
    const { buffer, byteOffset } = found.bytes
    const to = Math.min(found.bytes.length, end - found.at)
    return Buffer.from(buffer, byteOffset + at - found.at, to - (at - found.at))
  }

  private storedCrc(): number {
    let crc = 0
    for (let at = 0; at < this.blob.size; at += VERIFY_BYTES) crc = crc32(this.blob.readSync(at, VERIFY_BYTES), crc)
    return crc
  }

  private openChunkStart(): number {
    return this.chunkEnds.at(-1) ?? 0
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  private wake(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const resolve of waiting) resolve()
  }
}
