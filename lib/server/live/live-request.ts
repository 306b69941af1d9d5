import 'server-only'
import { isJsonObject } from '@/lib/protocol/json'
import { LIVE_SHAPES_MAX } from '@/lib/protocol/live'
import { invalid, parsePosition, type Parsed, type ShapePosition } from '../read/shape-query'

/** How long an answer stays open: as long as it may, until the first news or this many seconds, or for one catch-up. */
export type Hold = { kind: 'stream' } | { kind: 'first-news'; seconds: number } | { kind: 'catch-up' }

export interface LiveShape {
  id: string
  entity: string
  scope: string | null
  /** Where the client stands, or what is wrong with what it said: refused on its own line, the others go on. */
  position: Parsed<ShapePosition>
}

export interface LiveRequestBody {
  userId: string | null
  hold: Hold
  shapes: LiveShape[]
}

const ID_MAX = 200
const HOLD_SECONDS_MAX = 3600

/** Reads the body of the live door. What concerns one shape alone is that shape's refusal, the rest the whole request's. */
export function parseLiveRequest(body: unknown): Parsed<LiveRequestBody> {
  if (!isJsonObject(body)) return refused('the body: is not an object')
  const unknown = Object.keys(body).filter((name) => name !== 'userId' && name !== 'hold' && name !== 'shapes')
  if (unknown.length > 0) return refused(`${unknown[0]?.slice(0, 40)}: is not a field of this request`)
  const { userId = null } = body
  if (userId !== null && typeof userId !== 'string') return refused('userId: is not text')
  const hold = parseHold(body['hold'])
  if (!hold) return refused(`hold: must be "stream" or a number of seconds from 0 to ${HOLD_SECONDS_MAX}`)
  const { shapes: given } = body
  if (!Array.isArray(given) || given.length === 0 || given.length > LIVE_SHAPES_MAX) {
    return refused(`shapes: must be a list of 1 to ${LIVE_SHAPES_MAX}`)
  }
  const shapes: LiveShape[] = []
  const ids = new Set<string>()
  for (const [index, each] of given.entries()) {
    const shape = parseShape(each)
    if (!shape) return refused(`shapes[${index}]: needs an id of 1 to ${ID_MAX} characters, an entity and an offset`)
    if (ids.has(shape.id)) return refused(`shapes[${index}]: has the id of another`)
    ids.add(shape.id)
    shapes.push(shape)
  }
  return { ok: true, value: { userId, hold, shapes } }
}

function refused(issue: string): Parsed<never> {
  return { ok: false, failure: invalid([issue]) }
}

function parseHold(given: unknown): Hold | null {
  if (given === undefined || given === 'stream') return { kind: 'stream' }
  if (typeof given !== 'number' || !(given >= 0 && given <= HOLD_SECONDS_MAX)) return null
  return given === 0 ? { kind: 'catch-up' } : { kind: 'first-news', seconds: given }
}

function parseShape(given: unknown): LiveShape | null {
  if (!isJsonObject(given)) return null
  const { id, entity, scope = null, offset, handle, cursor } = given
  if (typeof id !== 'string' || id === '' || id.length > ID_MAX || !id.isWellFormed()) return null
  if (typeof entity !== 'string' || typeof offset !== 'string') return null
  return { id, entity, ...parseRest({ scope, offset, handle, cursor }) }
}

function parseRest(given: {
  scope: unknown
  offset: string
  handle: unknown
  cursor: unknown
}): Pick<LiveShape, 'scope' | 'position'> {
  const issues: string[] = []
  const scope = textOrAbsent('scope', given.scope, issues)
  const handle = textOrAbsent('handle', given.handle, issues)
  const cursor = textOrAbsent('cursor', given.cursor, issues)
  const position = parsePosition(
    { offset: given.offset, handle, live: undefined, cursor, expiredHandle: undefined, cacheBuster: undefined },
    issues,
  )
  const isRefused = issues.length > 0 || position === null
  return {
    scope: scope ?? null,
    position: isRefused ? { ok: false, failure: invalid(issues) } : { ok: true, value: position },
  }
}

const TEXT_MAX = 500

function textOrAbsent(name: string, given: unknown, issues: string[]): string | undefined {
  if (given === undefined || given === null) return undefined
  if (typeof given === 'string' && given.length <= TEXT_MAX) return given
  issues.push(`${name}: is not text of at most ${TEXT_MAX} characters`)
  return undefined
}
