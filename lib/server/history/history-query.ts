import 'server-only'
import type { AnyEntity } from '@/lib/entity/define'
import { isUuid } from '@/lib/entity/fields'
import { invalid, type Parsed } from '../read/shape-query'

/** Where a page begins: just before this row, newest first. */
export interface PageEdge {
  /** ISO, with milliseconds. */
  created_at: string
  id: string
}

export interface HistoryQuery {
  scope: string | null
  /** Value of the column the entity groups by; null for the whole scope. */
  group: string | null
  before: PageEdge | null
  limit: number
  /** Deleted rows instead of living ones. */
  deleted: boolean
}

export const PAGE_ROWS_MAX = 100
const NAMES: ReadonlySet<string> = new Set(['scope', 'group', 'before', 'limit', 'deleted'])

/** Reads the query of the history door for an entity. Every parameter is known and given once. */
export function parseHistoryQuery(entity: AnyEntity, params: URLSearchParams): Parsed<HistoryQuery> {
  const issues: string[] = []
  const given = new Map<string, string>()
  for (const [name, value] of params) {
    if (!NAMES.has(name)) issues.push(`${name.slice(0, 40)}: is not a parameter of this address`)
    else if (given.has(name)) issues.push(`${name}: is given more than once`)
    else given.set(name, value)
  }
  const query: HistoryQuery = {
    scope: given.get('scope') ?? null,
    group: parseGroup(entity, given.get('group'), issues),
    before: parseBefore(given.get('before'), issues),
    limit: parseLimit(given.get('limit'), issues),
    deleted: parseDeleted(entity, given.get('deleted'), issues),
  }
  if (issues.length > 0) return { ok: false, failure: invalid(issues) }
  return { ok: true, value: query }
}

/** The opaque `next` of a page, given back as `before`. */
export function encodeEdge(edge: PageEdge): string {
  return Buffer.from(`${edge.created_at} ${edge.id}`).toString('base64url')
}

export function decodeEdge(text: string): PageEdge | null {
  const [created_at, id, ...rest] = Buffer.from(text, 'base64url').toString().split(' ')
  if (created_at === undefined || rest.length > 0 || !isUuid(id)) return null
  const at = new Date(created_at)
  // Years of other than four digits, and the year 0, are dates to JavaScript and none to Postgres.
  if (!/^(?!0000)\d{4}-/.test(created_at)) return null
  return !Number.isNaN(at.getTime()) && at.toISOString() === created_at ? { created_at, id } : null
}

function parseGroup(entity: AnyEntity, given: string | undefined, issues: string[]): string | null {
  if (given === undefined) return null
  if (!entity.history) issues.push(`group: ${entity.name} are not grouped`)
  else if (!isUuid(given)) issues.push('group: is not a uuid')
  return given
}

function parseBefore(given: string | undefined, issues: string[]): PageEdge | null {
  if (given === undefined) return null
  const edge = decodeEdge(given)
  if (!edge) issues.push('before: is not the `next` of another page')
  return edge
}

function parseLimit(given: string | undefined, issues: string[]): number {
  if (given === undefined) return PAGE_ROWS_MAX
  const limit = /^\d{1,3}$/.test(given) ? Number(given) : 0
  if (limit < 1 || limit > PAGE_ROWS_MAX) issues.push(`limit: must be a whole number from 1 to ${PAGE_ROWS_MAX}`)
  return limit
}

function parseDeleted(entity: AnyEntity, given: string | undefined, issues: string[]): boolean {
  if (given !== undefined && given !== '1') issues.push('deleted: must be 1')
  const deleted = given === '1'
  if (deleted && !entity.columns.includes('deleted_at')) issues.push(`deleted: ${entity.name} leave no trace`)
  if (!deleted && !entity.history)
    issues.push(`deleted: must be 1, because ${entity.name} are read live and have no other history`)
  return deleted
}
