import 'client-only'
import type { LiveClient } from '../live-client/live-client'
import { part } from '../part'
import type { Platform } from '../platform'
import type { UncachedReads } from '../sync'

/** Reads shapes that need neither cache nor overlay: over the leader's connection, over one of its own while this tab follows. */
export class Uncached implements UncachedReads {
  /** Set by whoever leads. */
  leading: LiveClient | null = null
  readonly origin: string
  #own: Promise<LiveClient> | null = null
  #held = Promise.resolve()

  constructor(
    private readonly platform: Platform,
    private readonly userId: string,
    readonly signal: AbortSignal,
  ) {
    this.origin = platform.origin
  }

  readonly fetch: typeof fetch = async (input, init) => {
    await this.#held
    this.signal.throwIfAborted()
    const client = this.leading ?? (await (this.#own ??= this.#open()))
    return client.fetch(input, init)
  }

  /** Lets nothing more be asked until the returned function is called. */
  hold(): () => void {
    let goOn = () => {}
    this.#held = new Promise((resolve) => (goOn = resolve))
    return goOn
  }

  /** What it sees of the server is not said to anyone: the connection's state is the leader's to tell. */
  async #open(): Promise<LiveClient> {
    const { platform, userId, signal } = this
    const { createLiveClient } = await part(platform, signal, () => import('../live-client/live-client'))
    const client = createLiveClient({ platform, userId, onObserved: () => undefined })
    signal.addEventListener('abort', () => client.close())
    if (signal.aborted) client.close()
    return client
  }
}
