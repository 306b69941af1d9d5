import 'client-only'
import { createLiveClient, type LiveClient } from '../live-client/live-client'
import type { Platform } from '../platform'
import type { UncachedReads } from '../sync'

/** Reads shapes that need neither cache nor overlay: over the leader's connection, over one of its own while this tab follows. */
export class Uncached implements UncachedReads {
  /** Set by whoever leads. */
  leading: LiveClient | null = null
  readonly origin: string
  readonly signal: AbortSignal
  readonly #closed = new AbortController()
  #own: LiveClient | null = null

  constructor(
    private readonly platform: Platform,
    private readonly userId: string,
  ) {
    this.origin = platform.origin
    this.signal = this.#closed.signal
  }

  readonly fetch: typeof fetch = (input, init) => {
    this.signal.throwIfAborted()
    return (this.leading ?? this.#ownClient()).fetch(input, init)
  }

  close(): void {
    this.#closed.abort()
    this.#own?.close()
  }

  /** What it sees of the server is not said to anyone: the connection's state is the leader's to tell. */
  #ownClient(): LiveClient {
    this.#own ??= createLiveClient({ platform: this.platform, userId: this.userId, onObserved: () => undefined })
    return this.#own
  }
}
