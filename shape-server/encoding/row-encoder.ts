import { quoteIdentifier } from '../postgres/identifiers'
import { keyColumns } from '../postgres/table'
import type { Table, TableColumn } from '../postgres/table'
import { keyPrefix } from './message'
import type { Projection } from './message'

const TAB = 0x09
const NEWLINE = 0x0a
const QUOTE = 0x22
const SLASH = 0x2f
const BACKSLASH = 0x5c
const LETTER_N = 0x4e
const LETTER_V = 0x76
const HEX = Buffer.from('0123456789abcdef')

/** One byte becomes at most six, as in `\u0001`. */
const GROWTH = 6

/**
 * Turns rows of COPY's text format into log items, byte by byte and without making strings: Postgres writes plain rows several times
 * faster than JSON, and its escapes (`\\`, `\n`, `\t`, …) are JSON's own but for a few.
 */
export class RowEncoder {
  /** What the rows must be selected as. */
  readonly columns: string
  private readonly count: number
  private readonly keyFields: { field: number; isBoolean: boolean }[]
  private readonly valueFields: { field: number; name: Buffer }[]
  private readonly head: Buffer
  private readonly middle: Buffer
  private readonly end: Buffer
  private readonly starts: number[]

  /** `extraHeaders`: JSON members, begun with a comma, that end the headers. */
  constructor({ table, selected }: Projection, extraHeaders = '') {
    const key = keyColumns(table)
    const fields = [...new Set([...selected, ...key])]
    this.count = fields.length
    this.columns = fields.map((i) => selectSql(table, i)).join(', ')
    this.keyFields = key.map((i) => ({ field: fields.indexOf(i), isBoolean: table.columns[i]?.typeName === 'bool' }))
    this.valueFields = selected.map((i, n) => ({
      field: fields.indexOf(i),
      name: Buffer.from(`${n === 0 ? '' : ','}${JSON.stringify(table.columns[i]?.name)}:`),
    }))
    this.head = Buffer.from(`{"key":${JSON.stringify(keyPrefix(table)).slice(0, -1)}`)
    this.middle = Buffer.from('","value":{')
    const headers = `"operation":"insert","relation":${JSON.stringify([table.schema, table.name])}${extraHeaders}`
    this.end = Buffer.from(`},"headers":{${headers}}}`)
    this.starts = Array.from({ length: this.count + 1 }, () => 0)
  }

  /** Room that an item may need. */
  sizeMax(row: Buffer): number {
    const names = this.valueFields.reduce((sum, { name }) => sum + name.length + 4, 0)
    return this.head.length + this.middle.length + this.end.length + names + 2 * GROWTH * row.length + 8 * this.count
  }

  /** Writes the item of one row (a newline may follow it) into `out`; returns the position behind it. */
  encode(row: Buffer, out: Buffer, start: number): number {
    this.split(row)
    let at = start
    at += this.head.copy(out, at)
    for (const { field, isBoolean } of this.keyFields) at = this.writeKeyField(row, field, isBoolean, out, at)
    at += this.middle.copy(out, at)
    for (const { field, name } of this.valueFields) {
      at += name.copy(out, at)
      const from = this.starts[field] ?? 0
      const to = (this.starts[field + 1] ?? 1) - 1
      if (isNull(row, from, to)) at += out.write('null', at, 'latin1')
      else {
        out[at++] = QUOTE
        at = writeEscaped(row, from, to, out, at)
        out[at++] = QUOTE
      }
    }
    return at + this.end.copy(out, at)
  }

  /** Finds where fields begin; the entry behind the last is behind its end. */
  private split(row: Buffer): void {
    const { starts } = this
    const end = row[row.length - 1] === NEWLINE ? row.length - 1 : row.length
    let from = 0
    for (let field = 1; field < this.count; field++) {
      // Tabs inside values are escaped.
      from = row.indexOf(TAB, from) + 1
      starts[field] = from
    }
    starts[this.count] = end + 1
  }

  private writeKeyField(row: Buffer, field: number, isBoolean: boolean, out: Buffer, start: number): number {
    const from = this.starts[field] ?? 0
    const to = (this.starts[field + 1] ?? 1) - 1
    let at = start
    out[at++] = SLASH
    if (isNull(row, from, to)) {
      out[at++] = 0x5f // _
      return at
    }
    out[at++] = BACKSLASH
    out[at++] = QUOTE
    const textAt = at
    // The log writes booleans as t and f; a key must be the same in both.
    at = writeEscaped(row, from, isBoolean ? from + 1 : to, out, at)
    at = doubleSlashes(out, textAt, at)
    out[at++] = BACKSLASH
    out[at++] = QUOTE
    return at
  }
}

/** Booleans are words in snapshots; COPY would write t and f. */
function selectSql(table: Table, i: number): string {
  const column: TableColumn | undefined = table.columns[i]
  const name = quoteIdentifier(column?.name ?? '')
  return column?.typeName === 'bool' ? `${name}::text` : name
}

function isNull(row: Buffer, from: number, to: number): boolean {
  return to - from === 2 && row[from] === BACKSLASH && row[from + 1] === LETTER_N
}

function writeEscaped(row: Buffer, from: number, to: number, out: Buffer, start: number): number {
  let at = start
  for (let i = from; i < to; i++) {
    const byte = row[i] ?? 0
    if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) {
      out[at++] = byte
    } else if (byte === BACKSLASH) {
      const next = row[++i] ?? 0
      if (next === LETTER_V) at = writeControl(0x0b, out, at)
      else {
        out[at++] = BACKSLASH
        out[at++] = next
      }
    } else if (byte === QUOTE) {
      out[at++] = BACKSLASH
      out[at++] = QUOTE
    } else at = writeControl(byte, out, at)
  }
  return at
}

function writeControl(byte: number, out: Buffer, at: number): number {
  out.write('\\u00', at, 'latin1')
  out[at + 4] = HEX[byte >> 4] ?? 0
  out[at + 5] = HEX[byte & 15] ?? 0
  return at + 6
}

/** Doubles the separator of key parts between two positions; returns the new end. */
function doubleSlashes(out: Buffer, from: number, to: number): number {
  let count = 0
  for (let i = from; i < to; i++) if (out[i] === SLASH) count++
  if (count === 0) return to
  let at = to + count
  for (let i = to - 1; i >= from; i--) {
    const byte = out[i] ?? 0
    out[--at] = byte
    if (byte === SLASH) out[--at] = SLASH
  }
  return to + count
}
