import 'client-only'
import type { Platform } from '../platform'

/** The machine's own clock, for devices that meet real doors. */
export const realClock: Pick<Platform, 'now' | 'after'> = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
