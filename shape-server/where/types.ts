import type { TableColumn } from '../postgres/table'

/** A type as the where language knows it; `unknown` is a literal or param whose type its context decides. */
export type WhereType =
  | { kind: 'base'; name: string }
  | { kind: 'array'; of: WhereType }
  | { kind: 'enum'; name: string }
  | { kind: 'unknown' }

export const UNKNOWN: WhereType = { kind: 'unknown' }
export const BOOL: WhereType = { kind: 'base', name: 'bool' }
export const TEXT: WhereType = { kind: 'base', name: 'text' }

const base = (name: string): WhereType => ({ kind: 'base', name })

/** `int4`, `text[]`, or the name as error texts write it. */
export function typeText(type: WhereType): string {
  switch (type.kind) {
    case 'base':
      return type.name
    case 'array':
      return `${typeText(type.of)}[]`
    case 'enum':
      return `enum ${type.name}`
    case 'unknown':
      return 'unknown'
  }
}

/** Reads `int4` or `text[]`. */
export function parseType(text: string): WhereType {
  return text.endsWith('[]') ? { kind: 'array', of: parseType(text.slice(0, -2)) } : base(text)
}

export function isSameType(a: WhereType, b: WhereType): boolean {
  return typeText(a) === typeText(b)
}

/** The type a column has in a clause. Domains keep their own name, which no operator takes. */
export function columnType(column: TableColumn): WhereType {
  if (column.elementType !== null) {
    const of: WhereType =
      column.typeKind === 'e' ? { kind: 'enum', name: column.elementType } : base(column.elementType)
    return { kind: 'array', of }
  }
  return column.typeKind === 'e' ? { kind: 'enum', name: column.typeName } : base(column.typeName)
}

const CATEGORIES: Record<string, string> = {
  bool: 'boolean',
  int2: 'numeric',
  int4: 'numeric',
  int8: 'numeric',
  float4: 'numeric',
  float8: 'numeric',
  numeric: 'numeric',
  name: 'string',
  text: 'string',
  varchar: 'string',
  bpchar: 'string',
  date: 'datetime',
  time: 'datetime',
  timestamp: 'datetime',
  timestamptz: 'datetime',
  interval: 'timespan',
}

export function categoryOf(type: WhereType): string {
  if (type.kind === 'array') return 'array'
  if (type.kind === 'enum') return 'enum'
  if (type.kind === 'unknown') return 'unknown'
  return CATEGORIES[type.name] ?? 'user'
}

const PREFERRED = new Set(['bool', 'float8', 'text', 'timestamptz', 'interval'])

/** Preferred within its category, when Postgres has to choose. */
export function isPreferred(type: WhereType): boolean {
  return type.kind === 'base' && PREFERRED.has(type.name)
}

/** Types a clause may cast to. */
export const CAST_TARGETS = new Set([
  'bool',
  'bytea',
  'date',
  'float4',
  'float8',
  'int2',
  'int4',
  'int8',
  'jsonb',
  'text',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
  'varchar',
  'interval',
])

const WIDENING = ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8']
const STRINGS = ['name', 'bpchar', 'varchar', 'text']

/** Whether Postgres converts without being asked. */
export function isImplicitlyCastable(from: WhereType, to: WhereType): boolean {
  if (isSameType(from, to) || from.kind === 'unknown') return true
  if (from.kind === 'array' && to.kind === 'array') return isImplicitlyCastable(from.of, to.of)
  if (from.kind !== 'base' || to.kind !== 'base') return false
  const [low, high] = [WIDENING.indexOf(from.name), WIDENING.indexOf(to.name)]
  if (low !== -1 && high !== -1) return low < high
  if (STRINGS.includes(from.name) && STRINGS.includes(to.name)) return true
  if (from.name === 'date') return to.name === 'timestamp' || to.name === 'timestamptz'
  if (from.name === 'timestamp') return to.name === 'timestamptz'
  return from.name === 'time' && to.name === 'interval'
}
