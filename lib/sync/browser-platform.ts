import 'client-only'
import type { Channel, Locks, PageEvent, Platform, StorageMeter } from './platform'

/** This browser's clock and chance. */
export const browserTimers: Pick<Platform, 'now' | 'after' | 'random'> = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}

/** The browser this runs in; what it lacks is null. */
export function browserPlatform(origin: string): Platform {
  return {
    ...browserTimers,
    fetch: (input, init) => fetch(input, init),
    origin,
    locks: 'locks' in navigator ? browserLocks(navigator.locks) : null,
    channel: typeof BroadcastChannel === 'undefined' ? null : openChannel,
    indexedDB: typeof indexedDB === 'undefined' ? null : indexedDB,
    storage: 'storage' in navigator ? storageMeter(navigator.storage) : null,
    isVisible: () => document.visibilityState === 'visible',
    onPage: listenToPage,
  }
}

function browserLocks(locks: LockManager): Locks {
  return {
    request: async (name, options, hold) => {
      await locks.request(name, options, hold)
    },
  }
}

function openChannel(name: string): Channel {
  const channel = new BroadcastChannel(name)
  return {
    post: (message) => channel.postMessage(message),
    listen: (listener) => channel.addEventListener('message', (event: MessageEvent<unknown>) => listener(event.data)),
    close: () => channel.close(),
  }
}

function storageMeter(storage: StorageManager): StorageMeter {
  return {
    async estimate() {
      const { usage = 0, quota = 0 } = await storage.estimate()
      return { usedBytes: usage, grantedBytes: quota }
    },
    persist: () => storage.persist(),
  }
}

function listenToPage(listener: (event: PageEvent) => void): () => void {
  const stopped = new AbortController()
  const on = (target: EventTarget, name: string, tell: () => PageEvent) =>
    target.addEventListener(name, () => listener(tell()), { signal: stopped.signal })
  on(document, 'visibilitychange', () => (document.visibilityState === 'visible' ? 'visible' : 'hidden'))
  on(document, 'focusout', () => 'blur')
  on(window, 'blur', () => 'blur')
  on(window, 'online', () => 'online')
  on(window, 'offline', () => 'offline')
  on(window, 'pagehide', () => 'closing')
  // Chrome says so when a frozen page thaws.
  on(document, 'resume', () => 'visible')
  return () => stopped.abort()
}
