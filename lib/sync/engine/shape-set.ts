import 'client-only'
import { entityNamed } from '@/entities'
import type { JsonRow } from '@/lib/protocol/json'
import { Emitter } from '../emitter'
import type { OutboxEntry } from '../outbox/entry'
import type { Author } from '../overlay/optimistic-row'
import { canonicalShape, shapeIdOf, type ShapeId } from '../shapes/shape-name'
import { ShapeHolder } from '../store/shape-holder'
import type { ShapeName } from '../types'

/** How long a shape stays open after its last reader left: moving between pages should not close it. */
const LINGER_MS = 5_000

export interface ShapeSetOptions {
  userId: string
  after(delayMs: number, run: () => void): () => void
  entries: () => readonly OutboxEntry[]
  author: () => Author
  /** The container exists on this device alone so far. */
  isLocalOnly: (scope: string | null) => boolean
}

/** The shapes this tab holds in memory, and who reads them. */
export class ShapeSet {
  /** The set of shapes with readers changed. */
  readonly wantedChanged = new Emitter()
  /** Some view changed. */
  readonly rendered = new Emitter<ShapeHolder>()
  /** A shape is held that was not: its cache is to be read. */
  readonly opened = new Emitter<ShapeHolder>()
  readonly #holders = new Map<ShapeId, ShapeHolder>()
  readonly #readers = new Map<ShapeId, number>()

  constructor(private readonly options: ShapeSetOptions) {}

  [Symbol.iterator](): IterableIterator<ShapeHolder> {
    return this.#holders.values()
  }

  /** The holder of a shape; made, and its cache read, when there is none. */
  hold(name: ShapeName): ShapeHolder {
    const canonical = canonicalShape(name, this.options.userId)
    const id = shapeIdOf(canonical)
    const known = this.#holders.get(id)
    if (known) return known
    const holder = new ShapeHolder(canonical)
    this.#holders.set(id, holder)
    this.opened.emit(holder)
    return holder
  }

  find(id: ShapeId): ShapeHolder | null {
    return this.#holders.get(id) ?? null
  }

  /** Counts a reader until the returned function is called. */
  read(name: ShapeName): () => void {
    const { id } = this.hold(name)
    const count = this.#readers.get(id) ?? 0
    this.#readers.set(id, count + 1)
    if (count === 0) this.wantedChanged.emit()
    let isReading = true
    return () => {
      if (!isReading) return
      isReading = false
      this.options.after(LINGER_MS, () => this.#left(id))
    }
  }

  /** Shapes with readers. */
  wanted(): ShapeName[] {
    return [...this.#readers.keys()].flatMap((id) => this.#holders.get(id)?.name ?? [])
  }

  isWanted(id: ShapeId): boolean {
    return this.#readers.has(id)
  }

  /** The row with this key in any shape of the entity, unconfirmed writes included. */
  row(entity: string, key: string): { holder: ShapeHolder; row: JsonRow } | null {
    for (const holder of this.#holders.values()) {
      if (holder.entity.name !== entity) continue
      const row = holder.row(key)
      if (row) return { holder, row }
    }
    return null
  }

  render(holder: ShapeHolder): void {
    const { view } = holder
    holder.render(this.options.entries(), this.options.author(), this.options.isLocalOnly(holder.scope))
    if (holder.view !== view) this.rendered.emit(holder)
  }

  /** Renders the shapes that these writes could show in. */
  renderFor(entries: readonly OutboxEntry[]): void {
    const names = new Set<string>()
    for (const { write } of entries) {
      // Rows that come into being with another may belong to any entity.
      if (write.op === 'insert' && entityNamed(write.entity)?.also) return this.renderAll()
      names.add(write.entity)
    }
    for (const holder of this.#holders.values()) if (names.has(holder.entity.name)) this.render(holder)
  }

  renderAll(): void {
    for (const holder of this.#holders.values()) this.render(holder)
  }

  #left(id: ShapeId): void {
    const count = (this.#readers.get(id) ?? 1) - 1
    if (count > 0) return void this.#readers.set(id, count)
    this.#readers.delete(id)
    this.wantedChanged.emit()
  }
}
