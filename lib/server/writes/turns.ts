import 'server-only'
import { processWide } from '../process-wide'

/** Batches of one person that this process holds at once, the one under way included. */
export const BATCHES_MAX = 50

interface Line {
  length: number
  last: Promise<unknown>
}

/**
 * Runs one person's batches one after the other, as the database would make them (app.begin_writes), so that those who wait hold no
 * connection that others need. Null without running when too many wait already.
 */
export function inTurn<T>(userId: string, run: () => Promise<T>): Promise<T> | null {
  const lines = processWide('write-turns', () => new Map<string, Line>())
  const line = lines.get(userId) ?? { length: 0, last: Promise.resolve() }
  if (line.length >= BATCHES_MAX) return null
  lines.set(userId, line)
  line.length += 1
  const turn = line.last.then(run).finally(() => {
    line.length -= 1
    if (line.length === 0) lines.delete(userId)
  })
  line.last = turn.catch(() => {})
  return turn
}
