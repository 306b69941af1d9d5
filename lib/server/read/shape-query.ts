import 'server-only'
import type { Failure } from '@/lib/protocol/errors'
import { ELECTRIC_PARAMS, SCOPE_PARAM } from '@/lib/protocol/names'
import { OFFSET_BEFORE_ALL, OFFSET_NOW, parseOffset, type Offset } from '@/lib/protocol/offset'

/** Where a reader stands and whether it waits: all that a client may say about the read itself. */
export interface ShapePosition {
  offset: Offset
  /** Null before the first answer. */
  handle: string | null
  live: boolean
  cursor: string | null
  expiredHandle: string | null
  cacheBuster: string | null
}

/** What a GET of the read door asks for. */
export interface ShapeQuery {
  scope: string | null
  position: ShapePosition
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; failure: Failure }

/** Longest value of any parameter; handles are under 100 characters, cursors under 20. */
const VALUE_MAX = 500

const FORWARDED = [
  ELECTRIC_PARAMS.offset,
  ELECTRIC_PARAMS.handle,
  ELECTRIC_PARAMS.live,
  ELECTRIC_PARAMS.cursor,
  ELECTRIC_PARAMS.expiredHandle,
  ELECTRIC_PARAMS.cacheBuster,
] as const
// Clients always send `log`; the registry decides it.
const ACCEPTED: ReadonlySet<string> = new Set([...FORWARDED, ELECTRIC_PARAMS.log, SCOPE_PARAM])

/** Reads the query of the read door. Every parameter is known and given once; `scope` is judged by the registry. */
export function parseShapeQuery(params: URLSearchParams): Parsed<ShapeQuery> {
  const issues: string[] = []
  const given = new Map<string, string>()
  for (const [name, value] of params) {
    if (!ACCEPTED.has(name)) issues.push(`${shown(name)}: is not a parameter of this address`)
    else if (given.has(name)) issues.push(`${name}: is given more than once`)
    else if (value.length > VALUE_MAX) issues.push(`${name}: is too long`)
    else given.set(name, value)
  }
  const position = parsePosition(
    {
      offset: given.get(ELECTRIC_PARAMS.offset),
      handle: given.get(ELECTRIC_PARAMS.handle),
      live: given.get(ELECTRIC_PARAMS.live),
      cursor: given.get(ELECTRIC_PARAMS.cursor),
      expiredHandle: given.get(ELECTRIC_PARAMS.expiredHandle),
      cacheBuster: given.get(ELECTRIC_PARAMS.cacheBuster),
    },
    issues,
  )
  if (issues.length > 0 || position === null) return { ok: false, failure: invalid(issues) }
  return { ok: true, value: { scope: given.get(SCOPE_PARAM) ?? null, position } }
}

type GivenPosition = Record<keyof ShapePosition, string | undefined>

/** Null when a part is wrong, with the reasons added to `issues`. */
export function parsePosition(given: GivenPosition, issues: string[]): ShapePosition | null {
  const offset = given.offset === undefined ? null : parseOffset(given.offset)
  if (offset === null) {
    issues.push(given.offset === undefined ? 'offset: is missing; start with -1' : 'offset: has an invalid format')
    return null
  }
  const isStart = offset === OFFSET_BEFORE_ALL || offset === OFFSET_NOW
  // As Electric reads it: present and not "false".
  const live = given.live !== undefined && given.live !== 'false'
  if (live && isStart) issues.push(`live: cannot wait at offset ${offset}`)
  if (!isStart && (given.handle === undefined || given.handle === '')) {
    issues.push('handle: is missing; it came with the last answer')
  }
  return {
    offset,
    handle: given.handle ?? null,
    live,
    cursor: given.cursor ?? null,
    expiredHandle: given.expiredHandle ?? null,
    cacheBuster: given.cacheBuster ?? null,
  }
}

export function invalid(issues: string[]): Failure {
  return { code: 'invalid', message: 'The request was not understood.', issues }
}

/** A foreign name, short enough to repeat. */
function shown(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}…` : name
}
