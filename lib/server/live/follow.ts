import 'server-only'
import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import { OFFSET_BEFORE_ALL, OFFSET_NOW, parseOffset } from '@/lib/protocol/offset'
import type { ShapePosition } from '../read/shape-query'
import type { Answer } from '../read/upstream'

/** What follows from one answer about a shape. */
export interface Step {
  /** Whether the client hears of it: idle shapes cost no lines. */
  isNews: boolean
  /** Where to ask next; null when this shape is at its end here and the client must ask anew. */
  next: ShapePosition | null
}

/** How a shape is followed: until the client leaves, or only as far as the present. */
export type Follow = 'onwards' | 'to-the-present'

/** The first question about a shape. Whoever has a handle may wait at once: data that is there is answered at once. */
export function firstPosition(position: ShapePosition, follow: Follow): ShapePosition {
  const isStart = position.offset === OFFSET_BEFORE_ALL || position.offset === OFFSET_NOW
  return { ...position, live: follow === 'onwards' && !isStart }
}

/** Decides what an answer means for the shape that asked from `position`. */
export function stepAfter(position: ShapePosition, answer: Answer, follow: Follow): Step {
  // Refused, failed or rotated: how to go on is the client's to decide.
  if (answer.kind === 'failed' || answer.status !== 200) return { isNews: true, next: null }
  const offset = parseOffset(answer.headers[ELECTRIC_HEADERS.offset] ?? '')
  const handle = answer.headers[ELECTRIC_HEADERS.handle]
  // Not a shape's answer: the client tells by the missing headers.
  if (offset === null || handle === undefined) return { isNews: true, next: null }
  const isUpToDate = answer.headers[ELECTRIC_HEADERS.upToDate] !== undefined
  const isNews = offset !== position.offset || !isUpToDate
  if (isUpToDate && follow === 'to-the-present') return { isNews, next: null }
  return {
    isNews,
    next: {
      offset,
      handle,
      live: isUpToDate && follow === 'onwards',
      cursor: answer.headers[ELECTRIC_HEADERS.cursor] ?? position.cursor,
      expiredHandle: null,
      cacheBuster: null,
    },
  }
}
