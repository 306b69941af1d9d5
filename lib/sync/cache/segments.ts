import 'client-only'
import type { JsonRow } from '@/lib/protocol/json'

/**
 * Rows in storage (docs/decisions/0020-rows-in-segments.md): each batch of a shape is one record, JSON of `[key, row]` pairs with null for a
 * row that is gone, and later ones win. Read it is five times as fast as a record for each row, written forty times.
 */
export type Segment = string

/** Rows by key as segments tell them; null for what they say is gone. */
export type Told = Map<string, JsonRow | null>

/** So many segments become one, and so many of those again. */
const WIDTH = 32

/** How many segments, the `n`th (from 1) the last of them, are to become one: 32 times the width below where `n` is a multiple of it. */
export function mergedAt(n: number): number {
  let width = 1
  while (n % (width * WIDTH) === 0) width *= WIDTH
  return width
}

export function segmentOf(told: Told): Segment {
  return JSON.stringify([...told])
}

/** Reads segments, oldest first. Throws a `SyntaxError` at what is no segment. */
export function readSegments(segments: readonly Segment[]): Told {
  const told: Told = new Map()
  // Written by `segmentOf`, by the build whose layout this is.
  for (const segment of segments)
    for (const [key, row] of JSON.parse(segment) as [string, JsonRow | null][]) told.set(key, row)
  return told
}

/** Only the rows that are there: what is gone need not be told where nothing older is left. Changes the map it is given. */
export function present(told: Told): Map<string, JsonRow> {
  for (const [key, row] of told) if (!row) told.delete(key)
  return told as Map<string, JsonRow>
}
