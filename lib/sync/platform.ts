import 'client-only'

/** What the sync layer needs of the place it runs in. The browser gives it, the test kit fakes it. */
export interface Platform {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void
  /** Uniform in [0, 1). */
  random(): number
  fetch: typeof fetch
  /** Origin of the doors, such as `https://backline.example`. */
  origin: string
  /** Null where the browser has none: every tab then leads for itself. */
  locks: Locks | null
  channel: ((name: string) => Channel) | null
  indexedDB: IDBFactory | null
  storage: StorageMeter | null
  /** Whether a person sees this tab now. */
  isVisible(): boolean
  /** Calls back when the tab is shown or hidden, loses focus, regains the network or is closed. */
  onPage(listener: (event: PageEvent) => void): () => void
}

export type PageEvent = 'visible' | 'hidden' | 'blur' | 'online' | 'offline' | 'closing'

/** The part of the Web Locks API that leadership uses. */
export interface Locks {
  /** Holds the lock until the promise of `hold` settles; rejects when the lock is stolen or the signal aborts. */
  request(name: string, options: { steal?: boolean; signal?: AbortSignal }, hold: () => Promise<void>): Promise<void>
}

/** The part of BroadcastChannel that tabs use: a message reaches every other tab, never its sender. */
export interface Channel {
  post(message: unknown): void
  listen(listener: (message: unknown) => void): void
  close(): void
}

export interface StorageMeter {
  estimate(): Promise<{ usedBytes: number; grantedBytes: number }>
  /** Asks the browser not to evict this origin's storage by itself. */
  persist(): Promise<boolean>
}
