import 'server-only'

/** Bytes that may wait for a slow client before lines are held back. One line more may be on top. */
const BUFFER_BYTES = 64 * 1024

/**
 * Writes lines to one client. A line waits until the client has taken what was sent before, so that a slow client costs
 * bounded memory and stops its own shapes, nobody else's.
 */
export class LineWriter {
  readonly body: ReadableStream<Uint8Array>
  #controller!: ReadableStreamDefaultController<Uint8Array>
  readonly #waiting: { encode: () => Uint8Array; written: (isWritten: boolean) => void }[] = []
  #isClosed = false

  /** `onGone` is called when the client leaves. */
  constructor(onGone: () => void) {
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#drain(),
        cancel: () => {
          this.close()
          onGone()
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES }),
    )
  }

  /**
   * Writes a line as soon as there is room; until then it is not even encoded. Resolves once it is written: true, or false
   * when the answer is over.
   */
  send(encode: () => Uint8Array): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false)
    if (this.hasRoom) {
      this.#controller.enqueue(encode())
      return Promise.resolve(true)
    }
    return new Promise((written) => this.#waiting.push({ encode, written }))
  }

  /** Writes only if there is room; a client that reads nothing needs no heartbeats. */
  offer(line: Uint8Array): void {
    if (this.hasRoom) this.#controller.enqueue(line)
  }

  /** Whether a line would be written at once. */
  get hasRoom(): boolean {
    return this.#waiting.length === 0 && this.#isReadFrom
  }

  /** Ends the answer after what was written and, if given, one last line; lines that still wait are dropped. */
  close(lastLine?: Uint8Array): void {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      if (lastLine) this.#controller.enqueue(lastLine)
      this.#controller.close()
    } catch {
      // Cancelled by the client: already closed.
    }
    for (const { written } of this.#waiting.splice(0)) written(false)
  }

  get #isReadFrom(): boolean {
    return !this.#isClosed && (this.#controller.desiredSize ?? 0) > 0
  }

  #drain(): void {
    while (this.#isReadFrom) {
      const next = this.#waiting.shift()
      if (!next) return
      this.#controller.enqueue(next.encode())
      next.written(true)
    }
  }
}
