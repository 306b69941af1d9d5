import { parseArray } from './arrays'
import {
  dateToMicros,
  DAY_MICROS,
  floorDivide,
  formatDate,
  formatTime,
  formatTimestamp,
  intervalMicros,
  parseDate,
  parseInterval,
  parseTime,
  parseTimestamp,
  parseTimestamptz,
  readTimestamp,
} from './datetime'
import type { Interval } from './datetime'
import { compareNumbers, Decimal } from './decimal'
import { isSameType } from './types'
import type { WhereType } from './types'

/** A value inside the evaluator. Which form it has follows from its type. */
export type Value = null | boolean | string | number | bigint | Decimal | Interval | Value[]

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const INTEGER_MAX: Record<string, bigint> = { int2: 2n ** 15n, int4: 2n ** 31n, int8: 2n ** 63n }

/** Reads a constant as production does; null when its syntax is none of the type's. */
export function parseConstant(text: string, type: WhereType): Value {
  if (type.kind === 'array') return parseArray<Value>(text, (item) => parseConstant(item, type.of))
  if (type.kind !== 'base') return null
  switch (type.name) {
    case 'text':
    case 'varchar':
    case 'bpchar':
    case 'name':
      return text
    case 'int2':
    case 'int4':
    case 'int8':
      return parseInteger(text, type.name)
    case 'float4':
    case 'float8':
      return /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : null
    case 'numeric':
      return /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Decimal.parse(text) : null
    case 'bool':
      if (['t', 'tr', 'tru', 'true'].includes(text)) return true
      return ['f', 'fa', 'fal', 'fals', 'false'].includes(text) ? false : null
    case 'uuid':
      return UUID.test(text) ? text.toLowerCase() : null
    case 'date':
      return parseDate(text)
    case 'time':
      return parseTime(text)
    case 'timestamp':
      return parseTimestamp(text)
    case 'timestamptz':
      return parseTimestamptz(text)
    case 'interval':
      return parseInterval(text)
    default:
      return null
  }
}

function parseInteger(text: string, type: string): Value {
  if (!/^[+-]?\d+$/.test(text)) return null
  const value = BigInt(text.replace(/^\+/, ''))
  const limit = INTEGER_MAX[type] ?? 0n
  if (value < -limit || value >= limit) return null
  return type === 'int8' ? value : Number(value)
}

/** A reader of Postgres's own text of a column; throws on text it cannot read (the row is then not in the shape). */
export function columnReader(type: WhereType): (text: string) => Value {
  if (type.kind === 'array') {
    const readItem = columnReader(type.of)
    return (text) => required(parseArray<Value>(text, readItem), text)
  }
  if (type.kind !== 'base') return (text) => text
  switch (type.name) {
    case 'bool':
      return (text) => text === 't' || text === 'true'
    case 'int2':
    case 'int4':
      return Number
    case 'int8':
      return BigInt
    case 'float4':
    case 'float8':
      return (text) =>
        text === 'Infinity' || text === '-Infinity' || text === 'NaN' ? Number(text) : Number.parseFloat(text)
    case 'numeric':
      return (text) => required(Decimal.parse(text), text)
    case 'date':
      return (text) => required(parseDate(text) ?? dayOf(readTimestamp(text)), text)
    case 'time':
      return (text) => required(parseTime(text), text)
    case 'timestamp':
    case 'timestamptz':
      return (text) => required(readTimestamp(text), text)
    case 'interval':
      return (text) => required(parseInterval(text), text)
    case 'bpchar':
      // Padding means nothing to comparisons.
      return (text) => text.replace(/ +$/, '')
    default:
      return (text) => text
  }
}

function required<T>(value: T | null, text: string): T {
  if (value === null) throw new Error(`cannot read ${text}`)
  return value
}

function dayOf(micros: bigint | null): bigint | null {
  return micros === null ? null : floorDivide(micros, DAY_MICROS)
}

/** Text of a value, as a cast to text gives it. */
export function valueText(value: Value, type: WhereType): string {
  if (typeof value === 'bigint' && type.kind === 'base') {
    switch (type.name) {
      case 'date':
        return formatDate(value)
      case 'time':
        return formatTime(value)
      case 'timestamp':
        return formatTimestamp(value)
      case 'timestamptz':
        return `${formatTimestamp(value)}+00`
    }
  }
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (value === null || typeof value !== 'object') return String(value)
  if (value instanceof Decimal) return value.toString()
  throw new Error('no text form')
}

/** A value that is known to be text. */
export function asText(value: Value | undefined): string {
  if (typeof value !== 'string') throw new Error('not a text')
  return value
}

/** Orders two values of a type; negative when `a` is before `b`. */
export function comparator(type: WhereType): (a: Value, b: Value) => number {
  if (type.kind === 'array') return arrayComparator(comparator(type.of))
  if (type.kind !== 'base') return compareText
  switch (type.name) {
    case 'float4':
    case 'float8':
      return (a, b) => compareNumbers(Number(a), Number(b))
    case 'numeric':
      return (a, b) => (a as Decimal).compare(b as Decimal)
    case 'interval':
      return (a, b) => compareBigints(intervalMicros(a as Interval), intervalMicros(b as Interval))
    case 'text':
    case 'varchar':
    case 'bpchar':
    case 'name':
    case 'uuid':
      return compareText
    default:
      return (a, b) => (a === b ? 0 : (a as number) < (b as number) ? -1 : 1)
  }
}

function compareBigints(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** By bytes, not by a collation. */
function compareText(a: Value, b: Value): number {
  if (a === b) return 0
  const [left, right] = [asText(a), asText(b)]
  // UTF-16 and UTF-8 order differ only where surrogates are.
  if (/[\ud800-\udfff]/.test(left + right)) return Buffer.compare(Buffer.from(left), Buffer.from(right))
  return left < right ? -1 : 1
}

function arrayComparator(item: (a: Value, b: Value) => number): (a: Value, b: Value) => number {
  const compare = (a: Value, b: Value): number => {
    if (!Array.isArray(a) || !Array.isArray(b)) {
      if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
      return Array.isArray(a) ? 1 : Array.isArray(b) ? -1 : item(a, b)
    }
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const order = compare(a[i] ?? null, b[i] ?? null)
      if (order !== 0) return order
    }
    return a.length - b.length
  }
  return compare
}

/** What an implicit cast does to a value; null when there is nothing to do. */
export function implicitCast(from: WhereType, to: WhereType): ((value: Value) => Value) | null {
  if (isSameType(from, to)) return null
  if (from.kind === 'array' && to.kind === 'array') {
    const cast = implicitCast(from.of, to.of)
    const deep = (value: Value): Value =>
      value === null || !cast ? value : Array.isArray(value) ? value.map(deep) : cast(value)
    return cast && deep
  }
  if (from.kind !== 'base' || to.kind !== 'base') return null
  // Not only another name: without its padding.
  if (from.name === 'bpchar') return (value) => value
  switch (to.name) {
    case 'int8':
      return (value) => BigInt(value as number)
    case 'numeric':
      return (value) => Decimal.of(value as number)
    case 'float4':
    case 'float8':
      return (value) => (value instanceof Decimal ? value.toNumber() : Number(value))
    case 'timestamp':
    case 'timestamptz':
      return from.name === 'date' ? (value) => dateToMicros(value as bigint) : null
    case 'interval':
      return (value) => ({ months: 0, days: 0, micros: value as bigint })
    default:
      return null
  }
}
