import type { Json } from './json'

/** Wire types of the live door, `POST /api/shapes/live`: all live shapes of one client on one ndjson response. */

export const LIVE_SHAPES_MAX = 100
export const HEARTBEAT_MS = 15_000

export interface LiveShapeRequest {
  /** Chosen by the client, echoed on every line of this shape. */
  id: string
  entity: string
  scope?: string
  offset: string
  /** Absent with offset -1 and now. */
  handle?: string
  cursor?: string
}

export interface LiveRequest {
  userId?: string
  /** `stream` (default), or seconds to hold; 0 is one catch-up of every shape. */
  hold?: 'stream' | number
  shapes: LiveShapeRequest[]
}

export type LiveLine =
  /** Server time (ISO). The first line comes at once, then one every 15 s. */
  | { heartbeat: string }
  /** What Electric answered for one shape; `body` is the JSON value itself. */
  | { id: string; status: number; headers: Record<string, string>; body: Json }
