import 'server-only'
import { LineBody } from './line-body'

/**
 * Writes lines to one client. A line waits until the client has taken what was sent before, so that a slow client costs
 * bounded memory and stops its own shapes, nobody else's.
 */
export class LineWriter {
  readonly body: LineBody
  readonly #waiting: { encode: () => Uint8Array; written: (isWritten: boolean) => void }[] = []
  #isClosed = false

  /** `onGone` is called when the client leaves. */
  constructor(onGone: () => void) {
    this.body = new LineBody({
      onRoom: () => this.#drain(),
      onGone: () => {
        this.close()
        onGone()
      },
    })
  }

  /**
   * Writes a line as soon as there is room; until then it is not even encoded. Resolves once it is written: true, or false
   * when the answer is over.
   */
  send(encode: () => Uint8Array): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false)
    if (this.hasRoom) {
      this.body.put(encode())
      return Promise.resolve(true)
    }
    return new Promise((written) => this.#waiting.push({ encode, written }))
  }

  /** Writes only if there is room; a client that reads nothing needs no heartbeats. */
  offer(line: Uint8Array): void {
    if (this.hasRoom) this.body.put(line)
  }

  /** Whether a line would be written at once. */
  get hasRoom(): boolean {
    return this.#waiting.length === 0 && this.body.hasRoom
  }

  /** Ends the answer after what was written and, if given, one last line; lines that still wait are dropped. */
  close(lastLine?: Uint8Array): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (lastLine) this.body.put(lastLine)
    this.body.end()
    for (const { written } of this.#waiting.splice(0)) written(false)
  }

  #drain(): void {
    while (this.body.hasRoom) {
      const next = this.#waiting.shift()
      if (!next) return
      this.body.put(next.encode())
      next.written(true)
    }
  }
}
