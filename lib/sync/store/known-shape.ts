import 'client-only'
import type { Failure } from '@/lib/protocol/errors'
import type { Offset } from '@/lib/protocol/offset'
import { NO_ROWS, type Rows } from './rows'

// Apart from the transitions (shape-state.ts): painting needs only this, and only a leading tab fetches those.

/** Where the reader stands in the shape's log. */
export interface Position {
  handle: string
  offset: Offset
}

/** One shape as this device knows it. SPEC.md, "Shape store". */
export type ShapeState =
  /** The cache has not been read yet. */
  | { kind: 'cold' }
  /** The first snapshot is arriving, piece by piece. */
  | { kind: 'loading'; position: Position | null; rows: Rows }
  /** Complete as of some earlier time; catching up. */
  | { kind: 'stale'; position: Position; rows: Rows }
  | { kind: 'ready'; position: Position; rows: Rows }
  /** The log began anew: old rows stay until the new snapshot is whole. */
  | { kind: 'refetching'; position: Position | null; rows: Rows; staged: Rows }
  /** The server does not let this person read it. */
  | { kind: 'refused'; rows: Rows; failure: Failure }

/** The rows on screen. */
export function rowsOf(state: ShapeState): Rows {
  return state.kind === 'cold' ? NO_ROWS : state.rows
}

/** Where the reader of a shape stands. */
export function positionOf(state: ShapeState): Position | null {
  return 'position' in state ? state.position : null
}
