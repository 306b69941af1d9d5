import 'client-only'
import { entityNamed } from '@/entities'
import { textIn } from '@/lib/protocol/json'
import { isNear, isNearlyFull, shapesToEvict, type CachedUse } from '../cache/budget'
import { isShown } from '../outbox/entry'
import { shapeIdOf, shapeOfId, type ShapeId } from '../shapes/shape-name'
import type { Core } from './core'

const ROUND_MS = 10 * 60_000
/** With no room left, this share of the cache goes at once. */
const SHARE_KEPT = 0.5

/** Keeps what is stored within the budget, and tells when the browser's grant runs out. */
export class Housekeeping {
  #cancelRound = () => {}

  constructor(private readonly core: Core) {}

  start(): void {
    this.core.closed.addEventListener('abort', () => this.#cancelRound())
    void this.core.platform.storage?.persist().catch(() => false)
    void this.#round()
  }

  /** The browser refused to store more: evicts half of what may go, and tells. */
  async makeRoom(): Promise<void> {
    await this.#tidy(async () => {
      const uses = await this.#uses()
      const bytes = uses.reduce((sum, use) => sum + use.bytes, 0)
      return shapesToEvict(uses, this.core.platform.now(), bytes * SHARE_KEPT)
    })
  }

  async #round(): Promise<void> {
    const { platform, closed } = this.core
    await this.#tidy(async () => shapesToEvict(await this.#uses(), platform.now()))
    this.#cancelRound = platform.after(ROUND_MS, () => void this.#round())
    if (closed.aborted) this.#cancelRound()
  }

  /** Evicts what `choose` says. Never rejects: who waits for room goes on without. */
  async #tidy(choose: () => Promise<string[]>): Promise<void> {
    try {
      await this.#measure()
      await this.#evict(await choose())
    } catch (error) {
      // Storage closes under a tab that ends.
      if (!this.core.closed.aborted) console.warn('The cache could not be tidied.', error)
    }
  }

  async #measure(): Promise<void> {
    const measured = await this.core.platform.storage?.estimate()
    this.core.storage = measured && isNearlyFull(measured) ? measured : null
    this.core.refreshConnection()
  }

  async #uses(): Promise<CachedUse[]> {
    const { shapes, outbox } = this.core
    const store = await this.core.store
    const busyScopes = new Set(outbox.state.entries.filter(isShown).map(({ scope }) => scope))
    const cached = await store.listShapes()
    const near = await this.#near(cached.map(({ id }) => id))
    return cached.map(({ id, bytes, usedAt, isPinned }) => {
      const scope = shapeOfId(id)?.scope ?? null
      const isAskedFor = isPinned || near.has(id) || shapes.isWanted(id) || id.startsWith('conflicts/')
      return { id, bytes, usedAt, isKept: isAskedFor || scope === null || busyScopes.has(scope) }
    })
  }

  /** Shapes that a row whose time is near needs: what a show within a fortnight is played from. */
  async #near(cached: readonly ShapeId[]): Promise<Set<ShapeId>> {
    const store = await this.core.store
    const near = new Set<ShapeId>()
    for (const id of cached) {
      const name = shapeOfId(id)
      const keeps = name && entityNamed(name.entity)?.keepsWhenNear
      if (!keeps) continue
      const rows = [...((await store.readShape(id))?.rows.values() ?? [])]
      const isDue = rows.some((row) => isNear(textIn(row, keeps.column), keeps.withinDays, this.core.platform.now()))
      if (isDue) for (const entity of keeps.entities) near.add(shapeIdOf({ entity, scope: name.scope }))
    }
    return near
  }

  async #evict(ids: readonly string[]): Promise<void> {
    const store = await this.core.store
    await store.dropShapes(ids)
    for (const id of ids) {
      // A shape still in memory must not write the rest of its changes into an empty cache.
      const holder = this.core.shapes.find(id)
      if (holder) holder.isCached = false
    }
  }
}
