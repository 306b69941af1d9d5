import type { Table } from '../postgres/table'
import { keyColumns } from '../postgres/table'

/** A row's values as Postgres text, by position in `Table.columns`. */
export type Row = (string | null)[]

/** The part of a shape that decides how its messages look; shapes with equal ones share encoded messages. */
export interface Projection {
  table: Table
  /** Positions of the selected columns. */
  selected: number[]
  replica: 'default' | 'full'
}

/** Where a change stands: its transaction and its place in it. */
export interface ChangeStamp {
  xid: number
  commitLsn: bigint
}

/** An item without its end, which `closeItem` adds. */
export interface EncodedItem {
  text: string
  op: number
}

/** Separates stored items; every item carries it in front, so that a range of the log needs only its first two bytes dropped. */
export const SEPARATOR = ',\n'

/** Builds the text of log items of one projection, up to the point where `last` may follow. */
export class MessageEncoder {
  readonly projection: Projection
  private readonly names: string[]
  private readonly keyPrefix: string
  private readonly relation: string
  private readonly key: number[]
  private readonly selected: number[]
  private readonly keySelected: number[]
  private memo: { change: number; items: Map<string, EncodedItem[]> } = { change: 0, items: new Map() }

  constructor(projection: Projection) {
    const { table, selected } = projection
    this.projection = projection
    this.selected = selected
    this.names = table.columns.map((column) => `${JSON.stringify(column.name)}:`)
    this.keyPrefix = keyPrefix(table)
    this.relation = JSON.stringify([table.schema, table.name])
    this.key = keyColumns(table)
    const inKey = new Set(this.key)
    this.keySelected = selected.filter((i) => inKey.has(i))
  }

  /** Encodes a change once for all shapes that share this encoder; `change` numbers it. */
  once(kind: string, change: number, encode: (encoder: this) => EncodedItem[]): EncodedItem[] {
    if (this.memo.change !== change) this.memo = { change, items: new Map() }
    let items = this.memo.items.get(kind)
    if (!items) this.memo.items.set(kind, (items = encode(this)))
    return items
  }

  /** `"schema"."table"/"pk"`, unescaped. */
  keyOf(row: Row): string {
    let key = this.keyPrefix
    for (const i of this.key) {
      const value = row[i] ?? null
      key += value === null ? '/_' : `/"${value.includes('/') ? value.replaceAll('/', '//') : value}"`
    }
    return key
  }

  insert(row: Row, stamp: ChangeStamp, op: number, fromKey?: string): string {
    const extra = fromKey === undefined ? '' : `,"key_change_from":${JSON.stringify(fromKey)}`
    return `{"key":${JSON.stringify(this.keyOf(row))},"value":${this.object(row, this.selected)},${this.headers('insert', stamp, op, extra)}`
  }

  delete(row: Row, stamp: ChangeStamp, op: number, toKey?: string): string {
    const extra = toKey === undefined ? '' : `,"key_change_to":${JSON.stringify(toKey)}`
    const columns = this.projection.replica === 'full' ? this.selected : this.keySelected
    return `{"key":${JSON.stringify(this.keyOf(row))},"value":${this.object(row, columns)},${this.headers('delete', stamp, op, extra)}`
  }

  /** The items of an update of a row that is in the shape before and after; none when no selected column changed. */
  update(old: Row, row: Row, stamp: ChangeStamp, op: number): EncodedItem[] {
    const changed = this.selected.filter((i) => old[i] !== row[i])
    if (changed.length === 0) return []
    const oldKey = this.keyOf(old)
    const key = this.keyOf(row)
    if (oldKey !== key) {
      return [
        { text: this.delete(old, stamp, op, key), op },
        { text: this.insert(row, stamp, op + 1, oldKey), op: op + 1 },
      ]
    }
    const head = `{"key":${JSON.stringify(key)},"value":`
    const headers = this.headers('update', stamp, op, '')
    if (this.projection.replica === 'full') {
      return [
        { text: `${head}${this.object(row, this.selected)},"old_value":${this.object(old, changed)},${headers}`, op },
      ]
    }
    const inChange = new Set([...changed, ...this.keySelected])
    return [
      {
        text: `${head}${this.object(
          row,
          this.selected.filter((i) => inChange.has(i)),
        )},${headers}`,
        op,
      },
    ]
  }

  private object(row: Row, columns: number[]): string {
    let text = '{'
    for (const i of columns) {
      const value = row[i] ?? null
      if (text.length > 1) text += ','
      text += (this.names[i] ?? '') + (value === null ? 'null' : JSON.stringify(value))
    }
    return `${text}}`
  }

  private headers(operation: string, stamp: ChangeStamp, op: number, extra: string): string {
    return `"headers":{"operation":"${operation}","txids":[${String(stamp.xid)}],"relation":${this.relation},"lsn":"${stamp.commitLsn.toString()}"${extra},"op_position":${String(op)}`
  }
}

/** Ends an item begun by a MessageEncoder. */
export function closeItem(text: string, isLast: boolean): string {
  return isLast ? `${text},"last":true}}` : `${text}}}`
}

/** The op position of a finished item. */
export function opPositionOf(item: string): number {
  const at = item.lastIndexOf('"op_position":')
  return at === -1 ? -1 : Number.parseInt(item.slice(at + 14), 10)
}

/** `"schema"."table"` with the key's own separators doubled. */
export function keyPrefix(table: { schema: string; name: string }): string {
  const part = (name: string) => `"${name.replaceAll('.', '..').replaceAll('/', '//')}"`
  return `${part(table.schema)}.${part(table.name)}`
}

export function upToDateMessage(lsn: bigint): string {
  return `{"headers":{"control":"up-to-date","global_last_seen_lsn":"${lsn.toString()}"}}`
}

/** A point in time as Postgres tells it: which transactions a snapshot sees. xids are 64 bit. */
export interface PgSnapshot {
  xmin: bigint
  xmax: bigint
  xip: bigint[]
}

export function snapshotEndMessage(snapshot: PgSnapshot): string {
  return JSON.stringify({
    headers: {
      control: 'snapshot-end',
      xmin: snapshot.xmin.toString(),
      xmax: snapshot.xmax.toString(),
      xip_list: snapshot.xip.map(String),
    },
  })
}

/** Reads `pg_current_snapshot()`'s text, `xmin:xmax:xip,xip`. */
export function parsePgSnapshot(text: string): PgSnapshot {
  const [xmin = '0', xmax = '0', xip = ''] = text.split(':')
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), xip: xip === '' ? [] : xip.split(',').map(BigInt) }
}

/** Whether a snapshot already contains the transaction with this 32-bit xid. */
export function isVisible(snapshot: PgSnapshot, xid: number): boolean {
  const full = widenXid(xid, snapshot.xmax)
  if (full < snapshot.xmin) return true
  return full < snapshot.xmax && !snapshot.xip.includes(full)
}

/** The 64-bit xid nearest to `near` whose low half is `xid`. */
function widenXid(xid: number, near: bigint): bigint {
  const candidate = (near & ~0xffffffffn) | BigInt(xid)
  if (candidate - near > 0x80000000n) return candidate - 0x100000000n
  if (near - candidate > 0x80000000n) return candidate + 0x100000000n
  return candidate
}
