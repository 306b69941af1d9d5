import 'client-only'
import type { Source } from './sync'

/** Listeners of one thing. A listener that throws does not keep the others from hearing. */
export class Emitter<Event = void> {
  readonly #listeners = new Set<(event: Event) => void>()

  get isHeard(): boolean {
    return this.#listeners.size > 0
  }

  listen(listener: (event: Event) => void): () => void {
    // Wrapped, so that the same function may listen twice.
    const own = (event: Event) => listener(event)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  emit(event: Event): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        console.error(error)
      }
    }
  }

  clear(): void {
    this.#listeners.clear()
  }
}

/** What components read, told by an emitter, whatever that tells. */
export function source<T>(changed: { listen(listener: () => void): () => void }, read: () => T): Source<T> {
  return { read, subscribe: (listener) => changed.listen(() => listener()) }
}
