import { MessageEncoder } from '../encoding/message'
import type { Table } from '../postgres/table'

/** One encoder for all shapes whose messages look the same, so that a change is encoded once for all of them. */
export class Encoders {
  private readonly byTable = new WeakMap<Table, Map<string, MessageEncoder>>()

  for(table: Table, selected: number[], replica: 'default' | 'full'): MessageEncoder {
    const own = this.byTable.get(table) ?? new Map<string, MessageEncoder>()
    this.byTable.set(table, own)
    const key = `${replica}:${selected.join(',')}`
    let encoder = own.get(key)
    if (!encoder) own.set(key, (encoder = new MessageEncoder({ table, selected, replica })))
    return encoder
  }
}
