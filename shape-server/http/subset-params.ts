import { isJsonObject } from '@/lib/protocol/json'
import type { FieldErrors, Parsed } from './params'

/** A question about some rows of a shape, answered once. */
export interface SubsetRequest {
  where: string | null
  params: Record<string, string>
  orderBy: string | null
  limit: number | null
  offset: number | null
}

const FIELDS = ['where', 'params', 'order_by', 'limit', 'offset', 'where_expr', 'order_by_expr']
const PREFIX = 'subset__'
/** The parser of production takes no more. */
const TEXT_BYTES_MAX = 64 * 1024

/** The subset of a request, from `subset__…` parameters and the body (which wins); null when none is asked for. */
export function readSubset(
  query: URLSearchParams,
  body: { [key: string]: unknown } | null,
): Parsed<SubsetRequest | null> {
  const given = new Map<string, unknown>()
  const nested: Record<string, unknown> = {}
  for (const [key, value] of query) {
    const param = /^subset__params\[([^\]]*)\]$/.exec(key)
    if (param) nested[param[1] ?? ''] = value
    else if (key.startsWith(PREFIX)) given.set(key.slice(PREFIX.length), value)
  }
  if (Object.keys(nested).length > 0) given.set('params', nested)
  const fromBody = isJsonObject(body?.['subset']) ? body['subset'] : (body ?? {})
  for (const field of FIELDS) if (fromBody[field] !== undefined) given.set(field, fromBody[field])
  if (isJsonObject(body?.['subset']) && given.size === 0) given.set('where', null)
  if (given.size === 0) return { ok: true, value: null }
  return read(given)
}

function read(given: Map<string, unknown>): Parsed<SubsetRequest> {
  const errors: FieldErrors = {}
  const limit = readCount(given.get('limit'), 'limit', 1, errors)
  const offset = readCount(given.get('offset'), 'offset', 0, errors)
  const where = readText(given.get('where'), 'where', errors)
  const orderBy = readText(given.get('order_by'), 'order_by', errors)
  if ((limit !== null || offset !== null) && orderBy === null && errors['order_by'] === undefined) {
    errors['order_by'] = ['order_by is required when limit or offset is present']
  }
  const params = readParams(given.get('params'), errors)
  if (Object.keys(errors).length > 0) return { ok: false, errors: { subset: errors } }
  return { ok: true, value: { where, params, orderBy, limit, offset } }
}

function readText(value: unknown, field: string, errors: FieldErrors): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') errors[field] = ['is invalid']
  else if (Buffer.byteLength(value) > TEXT_BYTES_MAX) errors[field] = ['bigger than maximum size']
  else if (value.trim() !== '') return value
  return null
}

function readCount(value: unknown, field: string, min: number, errors: FieldErrors): number | null {
  if (value === undefined || value === null || value === '') return null
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(number)) errors[field] = ['is invalid']
  else if (number < min) {
    errors[field] = [min === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0']
  } else return number
  return null
}

function readParams(value: unknown, errors: FieldErrors): Record<string, string> {
  if (value === undefined || value === null || value === '') return {}
  let parsed = value
  if (typeof value === 'string') {
    try {
      parsed = JSON.parse(value)
    } catch {
      errors['params'] = ['params must be valid JSON']
      return {}
    }
  }
  if (!isJsonObject(parsed)) {
    errors['params'] = ['params must be a JSON object']
    return {}
  }
  const params: Record<string, string> = {}
  for (const [key, item] of Object.entries(parsed)) {
    if (typeof item === 'string') params[key] = item
    else if (typeof item === 'number' || typeof item === 'boolean') params[key] = String(item)
    else errors['params'] = ['is invalid']
  }
  const keys = Object.keys(params)
  if (keys.some((key) => !/^\d+$/.test(key))) errors['params'] = ['Parameters can only use numbers as keys']
  else if (keys.some((_, i) => params[String(i + 1)] === undefined)) {
    errors['params'] = ['Parameters must be numbered sequentially, starting from 1']
  }
  return params
}
