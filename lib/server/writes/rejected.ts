import 'server-only'
import { rowId } from './row-id'

/**
 * What the writes of one request meant to touch and could not. A write that builds on one of them is blocked, so that a client can
 * settle the cause and send both again.
 */
export class RejectedWrites {
  readonly #inserts: Set<string>
  readonly #containers: Set<string>
  readonly #fields: Set<string>

  constructor(other?: RejectedWrites) {
    this.#inserts = new Set(other ? other.#inserts : [])
    this.#containers = new Set(other ? other.#containers : [])
    this.#fields = new Set(other ? other.#fields : [])
  }

  add({ entity, key, op, fields }: RejectedTarget): void {
    const row = rowId(entity, key)
    if (op === 'insert') {
      this.#inserts.add(row)
      if (entity.scope.column === 'id') this.#containers.add(key)
      return
    }
    for (const field of op === 'delete' ? ['deleted_at'] : fields) this.#fields.add(`${row}:${field}`)
  }

  hasInsert(entity: { name: string }, key: string): boolean {
    return this.#inserts.has(rowId(entity, key))
  }

  /** Whether the insert of the band or project of this id was rejected. */
  hasContainer(scope: string): boolean {
    return this.#containers.has(scope)
  }

  hasField(entity: { name: string }, key: string, fields: readonly string[]): boolean {
    return fields.some((field) => this.#fields.has(`${rowId(entity, key)}:${field}`))
  }
}

interface RejectedTarget {
  entity: { name: string; scope: { column: string } }
  key: string
  op: 'insert' | 'update' | 'delete' | 'restore'
  fields: readonly string[]
}
