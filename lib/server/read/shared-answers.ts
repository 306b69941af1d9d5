import 'server-only'
import { processWide } from '../process-wide'
import type { Answer } from './upstream'

interface Flight {
  answer: Promise<Answer>
  readers: number
  upstream: AbortController
}

/**
 * Requests that wait for the same thing wait together: the first asks upstream, everyone gets the same bytes, and
 * upstream is let go when the last reader leaves. A thousand viewers of a band cost one long poll.
 */
export class SharedAnswers {
  readonly #flights = new Map<string, Flight>()

  /**
   * The answer for `key`; `ask` is called when nobody waits for it yet. Rejects with the reader's own abort, or as `ask` does.
   */
  async read(key: string, ask: (signal: AbortSignal) => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted()
    const flight = this.#flights.get(key) ?? this.#start(key, ask)
    flight.readers += 1
    try {
      return await untilAborted(flight.answer, signal)
    } finally {
      flight.readers -= 1
      if (flight.readers === 0) this.#end(key, flight)
    }
  }

  /** Answers being waited for, for metrics and tests. */
  get size(): number {
    return this.#flights.size
  }

  /** Readers who wait, for metrics and tests. */
  get readers(): number {
    return [...this.#flights.values()].reduce((sum, { readers }) => sum + readers, 0)
  }

  #start(key: string, ask: (signal: AbortSignal) => Promise<Answer>): Flight {
    const upstream = new AbortController()
    const flight: Flight = { answer: ask(upstream.signal), readers: 0, upstream }
    this.#flights.set(key, flight)
    const forget = () => {
      // Once answered it is the past: whoever asks now asks anew.
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    flight.answer.then(forget, forget)
    return flight
  }

  #end(key: string, flight: Flight): void {
    if (this.#flights.get(key) !== flight) return
    this.#flights.delete(key)
    flight.upstream.abort()
  }
}

/** The process's own: GETs and live streams wait together. */
export function sharedAnswers(): SharedAnswers {
  return processWide('shared-answers', () => new SharedAnswers())
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
