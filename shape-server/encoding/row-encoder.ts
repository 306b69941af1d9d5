import { quoteIdentifier } from '../postgres/identifiers'
import { keyColumns } from '../postgres/table'
import type { Table, TableColumn } from '../postgres/table'
import { keyPrefix } from './message'
import type { Projection } from './message'

const TAB = 0x09
const NEWLINE = 0x0a
const QUOTE = 0x22
const SLASH = 0x2f
const UNDERSCORE = 0x5f
const BACKSLASH = 0x5c
const LETTER_N = 0x4e
const LETTER_V = 0x76
const HEX = Buffer.from('0123456789abcdef')

/** One byte becomes at most six, as in `\u0001`. */
const GROWTH = 6

/**
 * Turns rows of COPY's text format into log items, four bytes at a time and without making strings: Postgres writes plain rows several
 * times faster than JSON, and its escapes (`\\`, `\n`, `\t`, …) are JSON's own but for a few.
 */
export class RowEncoder {
  /** What the rows must be selected as. */
  readonly columns: string
  private readonly keyFields: { field: number; isBoolean: boolean }[]
  private readonly fields: FieldText[]
  private readonly head: Constant
  private readonly middle: Constant
  private readonly end: Constant
  private readonly fixedBytes: number
  /** Where fields begin in the row at hand, as far as its key needs them; the entry behind the last is behind its end. */
  private readonly starts: number[]
  private source = EMPTY
  private target = EMPTY

  /** `extraHeaders`: JSON members, begun with a comma, that end the headers. `before`: what stands in front of every item. */
  constructor({ table, selected }: Projection, extraHeaders = '', before = '') {
    const key = keyColumns(table)
    // The selected columns come first, in the order in which they are written.
    const fields = [...new Set([...selected, ...key])]
    this.columns = fields.map((i) => selectSql(table, i)).join(', ')
    this.keyFields = key.map((i) => ({ field: fields.indexOf(i), isBoolean: table.columns[i]?.typeName === 'bool' }))
    this.fields = selected.map((i, n) => toFieldText(`${n === 0 ? '' : ','}${JSON.stringify(table.columns[i]?.name)}:`))
    this.head = toConstant(`${before}{"key":${JSON.stringify(keyPrefix(table)).slice(0, -1)}`)
    this.middle = toConstant('","value":{')
    const headers = `"operation":"insert","relation":${JSON.stringify([table.schema, table.name])}${extraHeaders}`
    this.end = toConstant(`},"headers":{${headers}}}`)
    const lastOfKey = Math.max(-1, ...this.keyFields.map(({ field }) => field))
    this.starts = Array.from({ length: lastOfKey + 2 }, () => 0)
    const constants = [this.head, this.middle, this.end, ...this.fields.map(({ missing }) => missing)]
    this.fixedBytes = constants.reduce((sum, { bytes }) => sum + bytes.length, 0) + 8 * fields.length + WORD_BYTES
  }

  /** Room that the item of a row of so many bytes may need: it stands in the key and in the value. */
  sizeMax(rowBytes: number): number {
    return this.fixedBytes + 2 * GROWTH * rowBytes
  }

  /** Writes the item of the row that lies in `bytes` from `from` up to `to` (a newline may end it) into `out`; returns the position behind it. */
  encode(bytes: Buffer, from: number, to: number, out: Buffer, start: number): number {
    // The same buffers come again for many rows.
    if (this.source.bytes !== bytes) this.source = toView(bytes)
    if (this.target.bytes !== out) this.target = toView(out)
    const source = this.source.view
    const target = this.target.view
    const end = bytes[to - 1] === NEWLINE ? to - 1 : to
    this.splitKey(source, from, end)
    let at = put(this.head, this.target, start)
    for (const { field, isBoolean } of this.keyFields) at = this.writeKeyField(source, field, isBoolean, target, at)
    at = put(this.middle, this.target, at)
    let read = from
    for (const { quoted, missing } of this.fields) {
      if (isNull(source, read, end)) {
        at = put(missing, this.target, at)
        read += 3
      } else {
        at = put(quoted, this.target, at)
        at = writeEscaped(source, read, end, target, at)
        target.setUint8(at++, QUOTE)
        read = fieldEnd + 1
      }
    }
    return put(this.end, this.target, at)
  }

  private splitKey(source: DataView, from: number, end: number): void {
    const { starts } = this
    starts[0] = from
    for (let field = 1; field < starts.length; field++) {
      let at = starts[field - 1] ?? from
      // Tabs inside values are escaped.
      while (at < end && source.getUint8(at) !== TAB) at++
      starts[field] = at + 1
    }
  }

  private writeKeyField(source: DataView, field: number, isBoolean: boolean, target: DataView, start: number): number {
    const from = this.starts[field] ?? 0
    const to = (this.starts[field + 1] ?? 1) - 1
    let at = start
    target.setUint8(at++, SLASH)
    if (isNull(source, from, to)) {
      target.setUint8(at++, UNDERSCORE)
      return at
    }
    target.setUint16(at, ESCAPED_QUOTE)
    at += 2
    const textAt = at
    // The log writes booleans as t and f; a key must be the same in both.
    at = writeEscaped(source, from, isBoolean ? from + 1 : to, target, at)
    at = doubleSlashes(target, textAt, at)
    target.setUint16(at, ESCAPED_QUOTE)
    return at + 2
  }
}

/** Text that comes again in every row: as bytes, and in words of four bytes of which the last is padded (what follows is written over it). */
interface Constant {
  bytes: Uint8Array
  words: Int32Array
}

/** What stands in front of a value, up to its first quote, and what stands in the place of a missing one. */
interface FieldText {
  quoted: Constant
  missing: Constant
}

interface ViewedBytes {
  bytes: Buffer
  view: DataView
}

const WORD_BYTES = 4
const WORDS_MAX = 8
const EMPTY = toView(Buffer.alloc(0))
const ESCAPED_QUOTE = (BACKSLASH << 8) | QUOTE

function toConstant(text: string): Constant {
  const bytes = Buffer.from(text)
  const padded = Buffer.concat([bytes, Buffer.alloc(WORD_BYTES)])
  const words = Int32Array.from({ length: Math.ceil(bytes.length / WORD_BYTES) }, (_, i) =>
    padded.readInt32LE(WORD_BYTES * i),
  )
  return { bytes, words }
}

function toFieldText(name: string): FieldText {
  return { quoted: toConstant(`${name}"`), missing: toConstant(`${name}null`) }
}

function toView(bytes: Buffer): ViewedBytes {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) }
}

/** Writes a constant; returns the position behind it. A call costs as much as a dozen words. */
function put({ bytes, words }: Constant, { bytes: out, view }: ViewedBytes, at: number): number {
  if (words.length > WORDS_MAX) out.set(bytes, at)
  else for (let i = 0; i < words.length; i++) view.setInt32(at + WORD_BYTES * i, words[i] as number, true)
  return at + bytes.length
}

/** Booleans are words in snapshots; COPY would write t and f. */
function selectSql(table: Table, i: number): string {
  const column: TableColumn | undefined = table.columns[i]
  const name = quoteIdentifier(column?.name ?? '')
  return column?.typeName === 'bool' ? `${name}::text` : name
}

/** `\N`: a backslash of the value would be doubled. */
function isNull(source: DataView, from: number, to: number): boolean {
  return from + 2 <= to && source.getUint8(from) === BACKSLASH && source.getUint8(from + 1) === LETTER_N
}

/** Where the field ended that `writeEscaped` has written: a second result without an object for each field of each row. */
let fieldEnd = 0

/** Writes a field, up to the next tab or `to`; returns the position behind it. */
function writeEscaped(source: DataView, from: number, to: number, target: DataView, start: number): number {
  let at = start
  let read = from
  for (;;) {
    // Past its end, too: what a word holds behind the field, or behind a special byte, is written over.
    for (const last = source.byteLength - WORD_BYTES; read < to && read <= last;) {
      const word = source.getInt32(read, true)
      target.setInt32(at, word, true)
      const plain = plainBytes(word)
      read += plain
      at += plain
      if (plain < WORD_BYTES) break
    }
    if (read >= to) {
      at -= read - to
      read = to
      break
    }
    const byte = source.getUint8(read)
    if (byte === TAB) break
    read++
    if (byte === BACKSLASH) at = writeUnescaped(source.getUint8(read++), target, at)
    else if (byte < 0x20) at = writeControl(byte, target, at)
    else {
      if (byte === QUOTE) target.setUint8(at++, BACKSLASH)
      target.setUint8(at++, byte)
    }
  }
  fieldEnd = read
  return at
}

/**
 * How many bytes of a word stand before its first control character, quote or backslash: all four where it has none. The sign of a byte
 * less than `n` is left by `byte - n`, and what it borrows only spoils the bytes behind it.
 */
function plainBytes(word: number): number {
  const quotes = word ^ 0x22222222
  const backslashes = word ^ 0x5c5c5c5c
  const found =
    (((word - 0x20202020) & ~word) | ((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes)) &
    0x80808080
  return found === 0 ? WORD_BYTES : (31 - Math.clz32(found & -found)) >> 3
}

/** Writes what COPY wrote as a backslash and this byte. JSON knows the same ones, but for the vertical tab. */
function writeUnescaped(byte: number, target: DataView, at: number): number {
  if (byte === LETTER_V) return writeControl(0x0b, target, at)
  target.setUint8(at, BACKSLASH)
  target.setUint8(at + 1, byte)
  return at + 2
}

function writeControl(byte: number, target: DataView, at: number): number {
  target.setUint32(at, 0x5c753030) // \u00
  target.setUint8(at + 4, HEX[byte >> 4] ?? 0)
  target.setUint8(at + 5, HEX[byte & 15] ?? 0)
  return at + 6
}

/** Doubles the separator of key parts between two positions; returns the new end. */
function doubleSlashes(target: DataView, from: number, to: number): number {
  let count = 0
  for (let i = from; i < to; i++) if (target.getUint8(i) === SLASH) count++
  if (count === 0) return to
  let at = to + count
  for (let i = to - 1; i >= from; i--) {
    const byte = target.getUint8(i)
    target.setUint8(--at, byte)
    if (byte === SLASH) target.setUint8(--at, SLASH)
  }
  return to + count
}
