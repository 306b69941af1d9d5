/** What a test file holds open for all its tests; let go in reverse order. Node 20 has no AsyncDisposableStack. */
export class Resources {
  readonly #held: AsyncDisposable[] = []

  use<T extends AsyncDisposable>(resource: T): T {
    this.#held.push(resource)
    return resource
  }

  async dispose(): Promise<void> {
    for (const resource of this.#held.splice(0).toReversed()) await resource[Symbol.asyncDispose]()
  }
}
