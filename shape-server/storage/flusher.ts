import type { Log } from '../log'
import { errorText } from '../log'
import type { Shape } from '../shapes/shape'
import type { Journal } from './journal'

export interface FlusherOptions {
  journal: Journal
  log: Log
  /** The stream's end may be told to Postgres: everything before it is on disk. */
  onDurable: (lsn: bigint) => void
  /** The disk refuses (or takes again): the stream must stop (or may go on). */
  onPressure: (isUnderPressure: boolean) => void
}

const SYNC_MS = 10_000
const RETRY_MS = 1000
const SHAPES_PER_TURN = 16
/** Committed bytes that may wait in memory. */
const WAITING_BYTES_MAX = 16 << 20
/** WAL that Postgres has to keep for us before it is told that we have it. */
const UNACKNOWLEDGED_BYTES_MAX = 64n << 20n

/**
 * Brings committed transactions to disk behind the readers' back, many at a time: a thousand shapes that change now and then would else cost
 * thousands of small writes. Postgres is told only what is synced, so whatever a crash loses it sends again, with the same offsets.
 */
export class Flusher {
  /** Why nothing can be stored at present; null when all is well. */
  failure: string | null = null
  private readonly unflushed = new Set<Shape>()
  private unsynced = new Set<Shape>()
  private waitingBytes = 0
  private received = 0n
  private durable = 0n
  private flushTimer: NodeJS.Timeout | null = null
  private syncTimer: NodeJS.Timeout | null = null
  private syncing: Promise<void> = Promise.resolve()
  private isSyncing = false
  private isStopped = false

  constructor(private readonly options: FlusherOptions) {}

  /** Shapes have new transactions. */
  changed(shapes: readonly Shape[]): void {
    for (const shape of shapes) {
      this.unflushed.add(shape)
      this.waitingBytes += shape.log.lastCommitBytes
    }
    if (this.waitingBytes > WAITING_BYTES_MAX && this.failure === null) this.flush()
  }

  /** The stream was applied up to here. */
  passed(endLsn: bigint): void {
    if (endLsn <= this.received) return
    this.received = endLsn
    if (endLsn - this.durable > UNACKNOWLEDGED_BYTES_MAX && !this.isSyncing) this.startSync()
    else this.syncTimer ??= setTimeout(() => this.startSync(), SYNC_MS)
  }

  /** What is known to be on disk when the stream begins. */
  reset(lsn: bigint): void {
    this.received = lsn
    this.durable = lsn
  }

  get receivedLsn(): bigint {
    return this.received
  }

  get durableLsn(): bigint {
    return this.durable
  }

  forget(shape: Shape): void {
    this.unflushed.delete(shape)
    this.unsynced.delete(shape)
  }

  /** Writes and syncs everything; afterwards nothing runs any more. */
  async stop(): Promise<void> {
    this.isStopped = true
    if (this.syncTimer) clearTimeout(this.syncTimer)
    this.flush()
    if (this.flushTimer) clearTimeout(this.flushTimer)
    await this.syncing
    await this.sync()
  }

  /** Writes what waits. */
  flush(): void {
    if (this.flushTimer) clearTimeout(this.flushTimer)
    this.flushTimer = null
    try {
      for (const shape of this.unflushed) this.write(shape)
      this.waitingBytes = 0
      this.recover()
    } catch (error) {
      this.fail(error)
    }
  }

  /** The same a few shapes at a time: the files of a thousand, made in one go, would hold up every reader. */
  private async flushInTurns(): Promise<void> {
    if (this.failure !== null) return this.flush()
    this.waitingBytes = 0
    try {
      for (const [i, shape] of [...this.unflushed].entries()) {
        if (i % SHAPES_PER_TURN === SHAPES_PER_TURN - 1) await new Promise((resolve) => setImmediate(resolve))
        if (this.unflushed.has(shape)) this.write(shape)
      }
    } catch (error) {
      this.fail(error)
    }
  }

  private write(shape: Shape): void {
    shape.log.flush()
    this.unflushed.delete(shape)
    this.unsynced.add(shape)
  }

  private startSync(): void {
    if (this.syncTimer) clearTimeout(this.syncTimer)
    this.syncTimer = null
    this.isSyncing = true
    this.syncing = this.syncing.then(() => this.sync()).finally(() => (this.isSyncing = false))
  }

  private async sync(): Promise<void> {
    // Read before: what comes while the rest is written has its turn the next time.
    const lsn = this.received
    if (this.unflushed.size > 0) await this.flushInTurns()
    if (this.failure !== null) return
    const shapes = this.unsynced
    this.unsynced = new Set()
    try {
      for (const shape of shapes) if (!shape.isRemoved) await shape.log.sync()
      if (lsn > this.durable) {
        this.options.journal.write({ kind: 'acknowledged', lsn: lsn.toString() })
        if (this.options.journal.isCompactable) this.options.journal.compact()
        await this.options.journal.sync()
        this.durable = lsn
        this.options.onDurable(lsn)
      }
    } catch (error) {
      for (const shape of shapes) this.unsynced.add(shape)
      this.fail(error)
    }
  }

  private fail(error: unknown): void {
    if (this.failure === null) {
      this.options.log.error('storage_failing', { message: errorText(error) })
      this.options.onPressure(true)
    }
    this.failure = errorText(error)
    if (!this.isStopped) this.flushTimer ??= setTimeout(() => this.flush(), RETRY_MS)
  }

  private recover(): void {
    if (this.failure === null) return
    this.failure = null
    this.options.log.info('storage_recovered')
    this.options.onPressure(false)
    this.syncTimer ??= setTimeout(() => this.startSync(), SYNC_MS)
  }
}
