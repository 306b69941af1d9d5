import 'client-only'

export const CACHE_BYTES_MAX = 50 * 1024 * 1024
const DAY_MS = 24 * 3600 * 1000
const UNUSED_MS_MAX = 30 * DAY_MS
const WARN_SHARE = 0.8

/** One cached shape as eviction sees it. */
export interface CachedUse {
  id: string
  bytes: number
  /** Last opened (milliseconds since 1970). */
  usedAt: number
  /** Open now, asked to be kept, or holding unsent writes or open conflicts. */
  isKept: boolean
}

/** Which shapes leave the cache: those unused for 30 days, then longest unused first until the budget holds. Never kept ones. */
export function shapesToEvict(shapes: readonly CachedUse[], now: number, bytesMax = CACHE_BYTES_MAX): string[] {
  const evicted: string[] = []
  let bytes = shapes.reduce((sum, shape) => sum + shape.bytes, 0)
  for (const shape of shapes.toSorted((a, b) => a.usedAt - b.usedAt)) {
    if (shape.isKept || (bytes <= bytesMax && now - shape.usedAt < UNUSED_MS_MAX)) continue
    evicted.push(shape.id)
    bytes -= shape.bytes
  }
  return evicted
}

/** Whether a time (ISO) is so near that what belongs to it is kept; for a day afterwards it still is. */
export function isNear(time: string, withinDays: number, now: number): boolean {
  const aheadMs = Date.parse(time) - now
  return aheadMs > -DAY_MS && aheadMs <= withinDays * DAY_MS
}

/** Whether people are to be told that this origin's storage runs out. */
export function isNearlyFull({ usedBytes, grantedBytes }: { usedBytes: number; grantedBytes: number }): boolean {
  return grantedBytes > 0 && usedBytes >= grantedBytes * WARN_SHARE
}
