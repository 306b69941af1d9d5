import 'server-only'

/** Bytes that may wait for a slow client before `hasRoom` turns false. One line more may be on top. */
const BUFFER_BYTES = 64 * 1024

export interface LineBodyOptions {
  /** Some of what waited was taken. */
  onRoom: () => void
  /** The client left. */
  onGone: () => void
}

/**
 * A response body made of the lines that are put into it. Who reads it reads an ordinary stream. Piped, as Next does with a route handler's
 * body, it writes to its destination by itself: on the way through a reader each line costs a dozen promises more, a fifth of all that a
 * line to one of a thousand costs (docs/decisions/0019-one-line-to-a-thousand.md).
 */
export class LineBody extends ReadableStream<Uint8Array> {
  readonly #options: LineBodyOptions
  readonly #controller: ReadableStreamDefaultController<Uint8Array>
  /** Not asked for yet; empty once there is a destination. */
  readonly #queue: Uint8Array[] = []
  #destination: WritableStreamDefaultWriter<Uint8Array> | null = null
  #waitingBytes = 0
  #isAskedFor = false
  #isOver = false

  constructor(options: LineBodyOptions) {
    let controller!: ReadableStreamDefaultController<Uint8Array>
    super(
      {
        start: (given) => void (controller = given),
        pull: () => this.#pull(),
        cancel: () => this.#leave(),
      },
      { highWaterMark: 0 },
    )
    this.#controller = controller
    this.#options = options
  }

  /** Whether the client keeps up: what waits for it is less than 64 KB. */
  get hasRoom(): boolean {
    return !this.#isOver && this.#waitingBytes < BUFFER_BYTES
  }

  /** Adds a line; nothing happens once the body is over. */
  put(line: Uint8Array): void {
    if (this.#isOver) return
    this.#waitingBytes += line.byteLength
    if (this.#destination) return this.#write(this.#destination, line)
    this.#queue.push(line)
    if (this.#isAskedFor) this.#pull()
  }

  /** Ends the body after what was put into it. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#destination) this.#destination.close().catch(() => undefined)
    else if (this.#queue.length === 0) this.#controller.close()
  }

  override pipeTo(to: WritableStream<Uint8Array>, options: StreamPipeOptions = {}): Promise<void> {
    const { signal, preventAbort, preventCancel, preventClose } = options
    // Nothing more comes, or somebody wants it otherwise: the ordinary way.
    if (this.#isOver || preventAbort || preventCancel || preventClose) return super.pipeTo(to, options)
    // Nobody else reads from now on.
    const reader = this.getReader()
    const destination = to.getWriter()
    const abort = () => void destination.abort(signal?.reason).catch(() => undefined)
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
    this.#destination = destination
    for (const line of this.#queue.splice(0)) this.#write(destination, line)
    const piped = destination.closed.finally(() => signal?.removeEventListener('abort', abort))
    piped.then(
      () => this.#controller.close(),
      (error: unknown) => reader.cancel(error),
    )
    return piped
  }

  /** Somebody reads. */
  #pull(): void {
    const line = this.#queue.shift()
    this.#isAskedFor = line === undefined
    if (line === undefined) return
    this.#controller.enqueue(line)
    if (this.#isOver && this.#queue.length === 0) this.#controller.close()
    this.#taken(line)
  }

  #write(destination: WritableStreamDefaultWriter<Uint8Array>, line: Uint8Array): void {
    destination.write(line).then(
      () => this.#taken(line),
      () => undefined,
    )
  }

  #taken(line: Uint8Array): void {
    this.#waitingBytes -= line.byteLength
    this.#options.onRoom()
  }

  #leave(): void {
    this.#isOver = true
    this.#queue.length = 0
    this.#options.onGone()
  }
}
