import type { TableCache } from '../postgres/table-cache'
import type { Log } from '../log'
import { errorText } from '../log'
import type { ShapeRegistry } from './registry'
import type { Router } from './router'
import type { Shape } from './shape'

export interface HousekeepingOptions {
  registry: ShapeRegistry
  router: Router
  tables: TableCache
  log: Log
  maxShapes: number | null
  maxStorageBytes: number | null
  /** Bytes of a log from which on it may be compacted; null is never. */
  compactLogBytes: number | null
  sweepMs: number
  /** Whether the database and the disk can be used at present. */
  isAble: () => boolean
}

const REST_MS = 5000
const RECONCILE_MS = 60_000
const RENEW_AGAIN_MS = 60_000
/** How long the life before the present one waits for readers to come back. */
const SUPERSEDED_MS = 24 * 60 * 60 * 1000

/** What has to be done from time to time: memory of idle shapes given back, logs compacted, limits kept, tables looked at again. */
export class Housekeeping {
  /** How many shapes went because of a limit. */
  evictionCount = 0
  private timers: NodeJS.Timeout[] = []
  private renewing: Shape | null = null
  private renewAfter = 0

  constructor(private readonly options: HousekeepingOptions) {}

  start(): void {
    this.timers = [
      setInterval(() => this.sweep(), this.options.sweepMs),
      setInterval(() => {
        if (this.options.isAble()) void this.reconcile()
      }, RECONCILE_MS),
    ]
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer)
  }

  /** One look at every shape: gives back the memory of those nobody has read for a while, compacts, keeps the limits. */
  sweep(now = Date.now()): void {
    const { registry, maxShapes, maxStorageBytes } = this.options
    for (const shape of registry.byHandle.values()) {
      if (now - shape.usedAt > REST_MS) shape.rest()
      if (shape.isSuperseded && now - shape.usedAt > SUPERSEDED_MS) registry.remove(shape, 'nobody came back to it')
      else if (this.isOutgrown(shape)) this.compact(shape, now)
    }
    if (maxShapes !== null || maxStorageBytes !== null) this.evict()
  }

  /** A log that is longer than two snapshots costs whoever begins anew more than another snapshot costs everybody. */
  private isOutgrown(shape: Shape): boolean {
    const { compactLogBytes } = this.options
    if (compactLogBytes === null || shape.isSuperseded || !shape.snapshot.isComplete) return false
    return shape.log.bytes > compactLogBytes && shape.log.bytes > 2 * shape.snapshot.size
  }

  /** One shape at a time, so that compaction asks Postgres for no more than one snapshot. */
  private compact(shape: Shape, now: number): void {
    if (this.renewing !== null || now < this.renewAfter || !this.options.isAble()) return
    // What subqueries returned belongs to one life; shapes with them begin anew whenever that changes, so they may for this as well.
    if ((shape.definition.where?.dependencies.length ?? 0) > 0) {
      this.options.registry.remove(shape, 'its log outgrew its snapshot')
      return
    }
    this.renewing = shape
    void this.options.registry.renew(shape).then((isRenewed) => {
      this.renewing = null
      if (!isRenewed) this.renewAfter = Date.now() + RENEW_AGAIN_MS
    })
  }

  /** Drops the least recently used shapes beyond the limits. */
  private evict(): void {
    const { registry, maxShapes, maxStorageBytes } = this.options
    const byAge = [...registry.byHandle.values()].sort((a, b) => a.usedAt - b.usedAt)
    let count = byAge.length
    let bytes = byAge.reduce((sum, shape) => sum + shape.bytes, 0)
    for (const shape of byAge) {
      const isTooMany = maxShapes !== null && count > maxShapes
      const isTooMuch = maxStorageBytes !== null && bytes > maxStorageBytes
      if (!isTooMany && !isTooMuch) return
      count--
      bytes -= shape.bytes
      this.evictionCount++
      registry.remove(
        shape,
        isTooMany ? 'more shapes than ELECTRIC_MAX_SHAPES' : 'more bytes than ELECTRIC_MAX_STORAGE_BYTES',
      )
    }
  }

  /** Looks at every followed table again: DDL sends no message of its own. */
  async reconcile(): Promise<void> {
    for (const table of this.options.router.tables()) {
      try {
        await this.options.tables.refresh(table)
      } catch (error) {
        this.options.log.warning('reconcile_failed', { message: errorText(error) })
        return
      }
    }
  }
}
