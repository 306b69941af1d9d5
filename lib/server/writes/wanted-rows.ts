import 'server-only'
import type { AnyEntity } from '@/lib/entity/define'
import type { JsonRow } from '@/lib/protocol/json'
import type { Write } from './received'
import { rowId } from './row-id'
import type { WantedRow } from './statements'

/** The rows that the writes of a segment are about, by entity, with the columns that will be compared with them. */
export class WantedRows {
  readonly #keys = new Set<string>()
  readonly #rows = new Map<AnyEntity, WantedRow[]>()
  readonly #writes = new Map<AnyEntity, (Write | null)[]>()
  /** Rows of which even a viewer who may not change them is told something else than "not found". */
  readonly #known = new Set<string>()

  constructor(writes: readonly Write[]) {
    const inserted = new Set<string>()
    for (const write of writes) {
      const id = rowId(write.entity, write.key)
      this.#add(write.entity, write.key, write)
      // What follows a refused insert of its row is blocked, whatever is stored there; only a restore never is.
      if (write.op === 'insert') inserted.add(id)
      else if (write.op === 'restore' || !inserted.has(id)) this.#known.add(id)
    }
  }

  /** Wants a row that no write names itself. */
  add(entity: AnyEntity, key: string): void {
    this.#add(entity, key, null)
    this.#known.add(rowId(entity, key))
  }

  of(entity: AnyEntity): readonly WantedRow[] {
    return this.#rows.get(entity) ?? []
  }

  keysOf(entity: AnyEntity): string[] {
    return this.of(entity).flatMap(({ key, is_first }) => (is_first ? [key] : []))
  }

  /** The write whose columns travel at this position; null where nothing is compared. */
  writeAt(entity: AnyEntity, position: number): Write | null {
    return this.#writes.get(entity)?.[position] ?? null
  }

  isKnown(entity: AnyEntity, key: string): boolean {
    return this.#known.has(rowId(entity, key))
  }

  #add(entity: AnyEntity, key: string, write: Write | null): void {
    const rows = this.#rows.get(entity) ?? []
    const writes = this.#writes.get(entity) ?? []
    const columns = write && comparedColumns(write)
    const isFirst = !this.#keys.has(rowId(entity, key))
    this.#keys.add(rowId(entity, key))
    if (!isFirst && !columns) return
    rows.push({
      position: rows.length,
      key,
      is_first: isFirst,
      patch: columns?.patch ?? null,
      base: columns?.base ?? null,
    })
    writes.push(columns ? write : null)
    this.#rows.set(entity, rows)
    this.#writes.set(entity, writes)
  }
}

/** The columns of a write that are compared with a row; null when none are. */
function comparedColumns(write: Write): { patch: JsonRow; base: JsonRow } | null {
  switch (write.op) {
    case 'insert':
      return write.entity.derivedKey ? { patch: write.values, base: {} } : null
    case 'update':
      return { patch: write.patch, base: write.base }
    case 'restore':
      return { patch: write.patch, base: {} }
    case 'delete':
      return null
  }
}
