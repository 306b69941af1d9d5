import 'client-only'

/** While time moves on, the event loop turns at least so often. */
const STEP_MS = 20

/** A clock that stands still until it is advanced. */
export class FakeClock {
  #now: number
  #nextId = 1
  readonly #timers = new Map<number, { at: number; run: () => void }>()

  constructor(startMs = Date.UTC(2026, 10, 20, 18)) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, run: () => void): () => void {
    const id = this.#nextId++
    this.#timers.set(id, { at: this.#now + delayMs, run })
    return () => void this.#timers.delete(id)
  }

  /** Time goes by while nobody is there: what falls due meanwhile runs afterwards. */
  skip(ms: number): void {
    this.#now += ms
  }

  /** Moves time on in small steps, running what falls due in order; in between everything else gets its turn. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    while (this.#now < until) {
      const stepEnd = Math.min(until, this.#now + STEP_MS)
      const next = this.#firstDue(stepEnd)
      if (next) {
        this.#timers.delete(next.id)
        this.#now = Math.max(this.#now, next.at)
        next.run()
      } else {
        this.#now = stepEnd
      }
      await turn()
    }
  }

  #firstDue(until: number): { id: number; at: number; run: () => void } | null {
    let first: { id: number; at: number; run: () => void } | null = null
    for (const [id, { at, run }] of this.#timers) {
      if (at <= until && (first === null || at < first.at)) first = { id, at, run }
    }
    return first
  }
}

/** Lets everything that can happen now happen: promises, and one round of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
