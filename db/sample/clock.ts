const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** Times of the sample data, counted from the day on which it is made, so that there is always a next show. */
export interface SampleClock {
  /** ISO time `days` from today (negative: before) at `minutes` after midnight UTC. */
  at(days: number, minutes?: number): string
}

/** A clock whose today is `today` at midnight UTC. */
export function sampleClock(today: Date): SampleClock {
  const midnightMs = Math.floor(today.getTime() / DAY_MS) * DAY_MS
  return { at: (days, minutes = 0) => new Date(midnightMs + days * DAY_MS + minutes * MINUTE_MS).toISOString() }
}

/** `3:52` as milliseconds. */
export function lengthToMs(length: string): number {
  const [minutes = '0', seconds = '0'] = length.split(':')
  return (Number(minutes) * 60 + Number(seconds)) * 1000
}

/** The server's columns of a row that its author made and nobody changed. */
export function madeBy(userId: string, at: string) {
  return { created_by: userId, created_at: at, updated_by: userId, updated_at: at }
}
