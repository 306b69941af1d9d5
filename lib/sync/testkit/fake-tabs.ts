import 'client-only'
import type { Channel, Locks } from '../platform'

/** Web Locks of one browser: a queue per name, steal, and what a crashed tab held is free. */
export class FakeLocks {
  readonly #held = new Map<string, { owner: string; lose: (error: Error) => void }>()
  #queue: { name: string; owner: string; grant: () => void }[] = []

  /** The locks as one tab sees them. */
  of(owner: string): Locks {
    return {
      request: (name, { steal = false, signal }, hold) =>
        new Promise<void>((resolve, reject) => {
          if (signal?.aborted) return reject(new DOMException('aborted', 'AbortError'))
          const grant = () => {
            const mine = { owner, lose: reject }
            this.#held.set(name, mine)
            hold()
              .then(resolve, reject)
              .finally(() => this.#released(name, mine))
          }
          if (steal) {
            this.#held.get(name)?.lose(new DOMException('stolen', 'AbortError'))
            return grant()
          }
          const request = { name, owner, grant }
          this.#queue.push(request)
          signal?.addEventListener('abort', () => {
            if (!this.#queue.includes(request)) return
            this.#queue = this.#queue.filter((each) => each !== request)
            reject(new DOMException('aborted', 'AbortError'))
          })
          this.#grantNext(name)
        }),
    }
  }

  /** A tab is gone: what it held and waited for is free. */
  crash(owner: string): void {
    this.#queue = this.#queue.filter((request) => request.owner !== owner)
    for (const [name, held] of this.#held) if (held.owner === owner) this.#released(name, held)
  }

  #released(name: string, held: { owner: string }): void {
    if (this.#held.get(name) !== held) return
    this.#held.delete(name)
    this.#grantNext(name)
  }

  #grantNext(name: string): void {
    if (this.#held.has(name)) return
    const next = this.#queue.find((request) => request.name === name)
    if (!next) return
    this.#queue = this.#queue.filter((each) => each !== next)
    next.grant()
  }
}

/** BroadcastChannels of one browser. Messages are copied and come later, as in a browser. */
export class FakeChannels {
  readonly #members = new Map<string, Set<{ hear: (message: unknown) => void }>>()

  /** Opens a channel; `isAlive` false keeps a frozen or crashed tab from hearing and posting. */
  open(name: string, isAlive: () => boolean): Channel {
    const members = this.#members.get(name) ?? new Set()
    this.#members.set(name, members)
    const listeners: ((message: unknown) => void)[] = []
    const self = { hear: (message: unknown) => listeners.forEach((listen) => listen(message)) }
    members.add(self)
    let isClosed = false
    return {
      post: (message) => {
        if (isClosed) throw new DOMException('Channel is closed', 'InvalidStateError')
        if (!isAlive()) return
        const copy: unknown = structuredClone(message)
        for (const member of members) if (member !== self) setImmediate(() => member.hear(copy))
      },
      listen: (listener) => void listeners.push((message) => isAlive() && listener(message)),
      close: () => {
        isClosed = true
        members.delete(self)
      },
    }
  }
}
