import { parseIdentifierList, parseRelationName } from '../postgres/identifiers'
import type { RelationName } from '../postgres/identifiers'
import { parsePosition } from '../storage/position'
import type { Position } from '../storage/position'

/** A shape request whose parameters are well formed; whether they fit the table is not known yet. */
export interface ShapeRequest {
  relation: RelationName
  where: string | null
  params: Record<string, string>
  columns: string[] | null
  queryableColumns: string[] | null
  replica: 'default' | 'full'
  log: 'full' | 'changes_only'
  from: { kind: 'position'; position: Position; text: string } | { kind: 'now' }
  handle: string | null
  live: 'no' | 'long-poll' | 'sse'
  cursor: string | null
  /** `experimental_compaction`: logs are compacted anyway, but not together with subqueries. */
  asksCompaction: boolean
}

export type FieldErrors = { [field: string]: string[] | FieldErrors | string }
export type Parsed<T> = { ok: true; value: T } | { ok: false; errors: FieldErrors }

/** Reads what a request asks; every parameter that is wrong is named. Unknown parameters mean nothing. */
export function parseShapeRequest(query: URLSearchParams): Parsed<ShapeRequest> {
  const errors: FieldErrors = {}
  const read = <T>(field: string, parsed: { ok: true; value: T } | { ok: false; error: string }): T | null => {
    if (parsed.ok) return parsed.value
    errors[field] = [parsed.error]
    return null
  }
  const relation = readTable(query, errors)
  const from = readOffset(query, errors)
  const handle = blankToNull(query.get('handle'))
  const isFromStart = from?.kind === 'now' || (from?.kind === 'position' && from.position.tx < 0n)
  if (from && !isFromStart && handle === null) errors['handle'] = ["can't be blank when offset != -1"]
  const live = readLive(query, from, errors)
  const replica = oneOf(query.get('replica'), ['default', 'full'] as const, 'replica', errors)
  const log = oneOf(query.get('log'), ['full', 'changes_only'] as const, 'log', errors)
  const columns = query.get('columns')
  const queryable = query.get('queryable_columns')
  const request: Omit<ShapeRequest, 'relation' | 'from'> = {
    where: blankToNull(query.get('where')),
    params: readParams(query, errors),
    columns: columns === null ? null : read('columns', parseIdentifierList(columns)),
    queryableColumns: queryable === null ? null : read('queryable_columns', parseIdentifierList(queryable)),
    replica: replica ?? 'default',
    log: log ?? 'full',
    handle: isFromStart ? null : handle,
    live,
    cursor: query.get('cursor'),
    asksCompaction: readFlag(query.get('experimental_compaction')),
  }
  if (!relation || !from || Object.keys(errors).length > 0) return { ok: false, errors }
  return { ok: true, value: { ...request, relation, from } }
}

/** Electric's booleans: present with anything but `false` is true. */
export function readFlag(value: string | null): boolean {
  return value !== null && value !== 'false'
}

function blankToNull(value: string | null): string | null {
  return value === null || value.trim() === '' ? null : value
}

function readTable(query: URLSearchParams, errors: FieldErrors): RelationName | null {
  const text = query.get('table')
  if (text === null || text.trim() === '') {
    errors['table'] = ["can't be blank"]
    return null
  }
  const parsed = parseRelationName(text)
  if (parsed.ok) return parsed.value
  errors['table'] = [parsed.error]
  return null
}

function readOffset(query: URLSearchParams, errors: FieldErrors): ShapeRequest['from'] | null {
  const text = blankToNull(query.get('offset'))
  if (text === null) {
    errors['offset'] = ["can't be blank"]
    return null
  }
  if (text === 'now') return { kind: 'now' }
  const position = parsePosition(text)
  if (position) return { kind: 'position', position, text }
  errors['offset'] = ['has invalid format']
  return null
}

function readLive(
  query: URLSearchParams,
  from: ShapeRequest['from'] | null,
  errors: FieldErrors,
): ShapeRequest['live'] {
  const isLive = readFlag(query.get('live'))
  const isSse = readFlag(query.get('live_sse')) || readFlag(query.get('experimental_live_sse'))
  if (isLive && from?.kind === 'now') errors['live'] = ["can't be true when offset is 'now'"]
  if (isLive && from?.kind === 'position' && from.position.tx < 0n) errors['live'] = ["can't be true when offset == -1"]
  if (isSse && !isLive) errors['live_sse'] = ["can't be true unless live is also true"]
  return isSse ? 'sse' : isLive ? 'long-poll' : 'no'
}

function oneOf<const T extends string>(
  value: string | null,
  allowed: readonly T[],
  field: string,
  errors: FieldErrors,
): T | null {
  if (value === null || value === '') return null
  const found = allowed.find((candidate) => candidate === value)
  if (found === undefined) errors[field] = ['is invalid']
  return found ?? null
}

function readParams(query: URLSearchParams, errors: FieldErrors): Record<string, string> {
  // Without a prototype: `params[__proto__]` is a name like any other.
  const params = Object.create(null) as Record<string, string>
  for (const [key, value] of query) {
    const match = /^params\[([^\]]*)\]$/.exec(key)
    if (match) params[match[1] ?? ''] = value
  }
  const keys = Object.keys(params)
  if (keys.some((key) => !/^\d+$/.test(key))) errors['params'] = ['Parameters can only use numbers as keys']
  else if (keys.some((_, i) => params[String(i + 1)] === undefined)) {
    errors['params'] = ['Parameters must be numbered sequentially, starting from 1']
  }
  return params
}
