import 'client-only'

const FIRST_MS = 500
const MAX_MS = 30_000
const ASKED_MS_MAX = 3_600_000

/**
 * How long to wait before attempt number `attempt` + 1, in milliseconds: doubling from 0.5 s to 30 s, between half and
 * all of it at random so that devices do not come back in step; never less than what the server asked for.
 */
export function backoffMs(attempt: number, random: number, retryAfterMs = 0): number {
  const full = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10))
  return Math.max(retryAfterMs, full * (0.5 + random / 2))
}

/** How long a server asks to wait by its `retry-after` (seconds): an hour at most, nothing where it does not say so in a number. */
export function retryAfterMs(header: string | null): number {
  const seconds = Number(header)
  return seconds > 0 ? Math.min(seconds * 1_000, ASKED_MS_MAX) : 0
}
