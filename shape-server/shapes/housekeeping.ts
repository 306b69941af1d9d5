import type { TableCache } from '../postgres/table-cache'
import type { Log } from '../log'
import { errorText } from '../log'
import type { ShapeRegistry } from './registry'
import type { Router } from './router'

export interface HousekeepingOptions {
  registry: ShapeRegistry
  router: Router
  tables: TableCache
  log: Log
  maxShapes: number | null
  maxStorageBytes: number | null
}

const SWEEP_MS = 5000
const RECONCILE_MS = 60_000

/** What has to be done from time to time: memory of idle shapes given back, limits kept, tables looked at again. */
export class Housekeeping {
  private timers: NodeJS.Timeout[] = []

  constructor(private readonly options: HousekeepingOptions) {}

  start(): void {
    this.timers = [setInterval(() => this.sweep(), SWEEP_MS), setInterval(() => void this.reconcile(), RECONCILE_MS)]
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer)
  }

  /** Gives back the memory of shapes nobody has read for a while, and drops the least recently used beyond the limits. */
  sweep(now = Date.now()): void {
    const { registry, maxShapes, maxStorageBytes } = this.options
    for (const shape of registry.byHandle.values()) {
      if (now - shape.usedAt > SWEEP_MS) shape.rest()
    }
    if (maxShapes === null && maxStorageBytes === null) return
    const byAge = [...registry.byHandle.values()].sort((a, b) => a.usedAt - b.usedAt)
    let count = byAge.length
    let bytes = byAge.reduce((sum, shape) => sum + shape.bytes, 0)
    for (const shape of byAge) {
      const isTooMany = maxShapes !== null && count > maxShapes
      const isTooMuch = maxStorageBytes !== null && bytes > maxStorageBytes
      if (!isTooMany && !isTooMuch) return
      count--
      bytes -= shape.bytes
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
