import 'client-only'

/** Containers that something in this tab keeps open, each as long as anything does. */
export class OpenScopes {
  readonly #counts = new Map<string, number>()

  constructor(private readonly changed: () => void) {}

  get all(): string[] {
    return [...this.#counts.keys()]
  }

  /** Keeps a container open until the returned function is called. */
  open(scope: string): () => void {
    this.#count(scope, 1)
    let isOpen = true
    return () => {
      if (!isOpen) return
      isOpen = false
      this.#count(scope, -1)
    }
  }

  #count(scope: string, by: 1 | -1): void {
    const count = (this.#counts.get(scope) ?? 0) + by
    if (count > 0) this.#counts.set(scope, count)
    else this.#counts.delete(scope)
    this.changed()
  }
}
