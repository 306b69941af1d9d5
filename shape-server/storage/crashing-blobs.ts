import type { Blob, BlobStore } from './blob'

/**
 * The storage of a process that dies, for tests: writes are counted as steps, half of the fatal one reaches the store, and nothing after it does.
 * The process itself does not notice, except that nothing can be synced any more.
 */
export class CrashingBlobStore implements BlobStore {
  steps = 0
  /** The step that kills. */
  fatalStep = Number.POSITIVE_INFINITY

  constructor(private readonly store: BlobStore) {}

  get isDead(): boolean {
    return this.steps >= this.fatalStep
  }

  /** Counts a write; what becomes of it. */
  step(): 'whole' | 'half' | 'nothing' {
    if (this.isDead) return 'nothing'
    this.steps++
    return this.isDead ? 'half' : 'whole'
  }

  open(name: string): Blob {
    return new CrashingBlob(this.store.open(name), this)
  }

  survey(): void {
    this.store.survey()
  }

  removeExcept(isWanted: (name: string) => boolean): void {
    if (!this.isDead) this.store.removeExcept(isWanted)
  }

  close(): void {
    this.store.close()
  }
}

class CrashingBlob implements Blob {
  /** Bytes the process believes to have written. */
  private lost = 0

  constructor(
    private readonly blob: Blob,
    private readonly store: CrashingBlobStore,
  ) {}

  get size(): number {
    return this.blob.size + this.lost
  }

  append(parts: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(parts)
    const fate = this.store.step()
    const kept = fate === 'whole' ? bytes.length : fate === 'half' ? bytes.length >> 1 : 0
    if (kept > 0) this.blob.append([bytes.subarray(0, kept)])
    this.lost += bytes.length - kept
  }

  readSync(at: number, length: number): Buffer {
    return this.blob.readSync(at, length)
  }

  read(at: number, into: Buffer): Promise<Buffer> {
    return this.blob.read(at, into)
  }

  truncate(size: number): void {
    if (size >= this.size) return
    if (this.store.step() === 'nothing') this.lost = size - this.blob.size
    else this.blob.truncate(size)
  }

  replace(parts: readonly Uint8Array[]): void {
    // It is whole or not at all.
    if (this.store.step() === 'whole') this.blob.replace(parts)
  }

  sync(): Promise<void> {
    return this.store.isDead ? Promise.reject(new Error('the process is dead')) : this.blob.sync()
  }

  remove(): void {
    if (this.store.step() !== 'nothing') this.blob.remove()
  }
}
