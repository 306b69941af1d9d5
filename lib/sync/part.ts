import 'client-only'
import { backoffMs } from './outbox/backoff'
import type { Platform } from './platform'

/**
 * Loads a part of the layer that painting a page does not need: a file of its own, fetched when it is first wanted. The service worker
 * keeps them all, so they load without a network; where there is neither worker nor network it is tried again until it comes.
 */
export async function part<T>(
  { after, random }: Pick<Platform, 'after' | 'random'>,
  stopped: AbortSignal,
  load: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await load()
    } catch {
      // Nobody waits for a part of a layer that has ended.
      await new Promise<void>((resolve) => stopped.aborted || after(backoffMs(attempt, random()), resolve))
    }
  }
}
