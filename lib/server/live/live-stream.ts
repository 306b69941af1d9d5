import 'server-only'
import { setMaxListeners } from 'node:events'
import { entityNamed } from '@/entities'
import type { Viewer } from '@/lib/entity/viewer'
import type { Failure } from '@/lib/protocol/errors'
import { HEARTBEAT_MS } from '@/lib/protocol/live'
import { confirmReader, type Reader } from '../read/access'
import { upstream } from '../read/read-shape'
import { shapeFor, shapeUrl, UNKNOWN_ENTITY, type Shape } from '../read/shape'
import type { Parsed, ShapePosition } from '../read/shape-query'
import { readUpstream, unavailable } from '../read/upstream'
import type { Session } from '../session'
import { viewerOf } from '../stored-viewer'
import { SIGNED_OUT } from '../viewer'
import { viewerQueue } from '../viewer-queue'
import { audiences, type News } from './audience'
import { firstPosition, stepAfter, type Follow } from './follow'
import { answerLine, failureLine, heartbeatLine } from './line'
import { LineWriter } from './line-writer'
import type { Hold, LiveShape } from './live-request'
import { Turnstile } from './turnstile'

export interface LiveStreamOptions {
  session: Session
  viewer: Viewer
  shapes: readonly LiveShape[]
  hold: Hold
  /** The answer ends by itself after this long, in seconds. */
  maxSeconds: number
  /** Aborts when the client leaves. */
  signal: AbortSignal
}

/** Chunks of snapshots are large: as many of one client may be on their way at once, up to where they are written. */
const CATCH_UPS_MAX = 4

/** All live shapes of one client on one body of lines. */
export function liveStream(options: LiveStreamOptions): ReadableStream<Uint8Array> {
  const stream = new LiveStream(options)
  stream.start()
  return stream.body
}

class LiveStream {
  readonly #options: LiveStreamOptions
  readonly #over = new AbortController()
  readonly #writer = new LineWriter(() => this.#end())
  readonly #timers: NodeJS.Timeout[] = []
  readonly #catchUps = new Turnstile(CATCH_UPS_MAX)
  /** How to stop listening to each shape that is listened to. */
  readonly #leaves = new Set<() => void>()

  constructor(options: LiveStreamOptions) {
    this.#options = options
    // One listener per shape is no leak.
    setMaxListeners(0, this.#over.signal)
  }

  get body(): ReadableStream<Uint8Array> {
    return this.#writer.body
  }

  start(): void {
    const { shapes, signal } = this.#options
    if (signal.aborted) return this.#end()
    signal.addEventListener('abort', () => this.#end(), { once: true, signal: this.#over.signal })
    this.#writer.offer(heartbeatLine(new Date()))
    this.#startTimers()
    void Promise.all(shapes.map((shape) => this.#serve(shape))).then(() => this.#end())
  }

  get #isOver(): boolean {
    return this.#over.signal.aborted
  }

  #end(lastLine?: Uint8Array): void {
    if (this.#isOver) return
    this.#over.abort()
    for (const leave of this.#leaves) leave()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#writer.close(lastLine)
  }

  /** A 401 is a line and the end. It bears a shape's name, because every line but a heartbeat does. */
  #endSignedOut(id = this.#options.shapes[0]?.id ?? ''): void {
    this.#end(failureLine(id, SIGNED_OUT))
  }

  #startTimers(): void {
    const { session, hold, maxSeconds } = this.#options
    const limitMs = 1_000 * Math.min(maxSeconds, hold.kind === 'first-news' ? hold.seconds : maxSeconds)
    const expiresInMs = Date.parse(session.expires_at) - Date.now()
    this.#timers.push(
      expiresInMs <= limitMs
        ? setTimeout(() => this.#endSignedOut(), Math.max(0, expiresInMs))
        : setTimeout(() => this.#end(), limitMs),
      setInterval(() => void this.#beat(), HEARTBEAT_MS),
    )
  }

  async #beat(): Promise<void> {
    const { session } = this.#options
    try {
      if (!viewerOf(await viewerQueue().read(session.user_id), session)) return this.#endSignedOut()
      this.#writer.offer(heartbeatLine(new Date()))
    } catch (error) {
      // Unconfirmed, so unsaid: a client that hears nothing for two beats asks again.
      console.error(error)
    }
  }

  /** Sends everything about one shape, until it is at its end or the answer is over. Never rejects. */
  async #serve(request: LiveShape): Promise<void> {
    try {
      const shape = resolveShape(this.#options, request)
      if (!shape.ok) return await this.#say(() => failureLine(request.id, shape.failure))
      await this.#follow(request.id, shape.value)
    } catch (error) {
      if (this.#isOver) return
      console.error(error)
      await this.#tellUnavailable(request.id)
    }
  }

  async #follow(id: string, { reader, shape, position }: ResolvedShape): Promise<void> {
    for (let at: ShapePosition | null = firstPosition(position, this.#aim); at && !this.#isOver;) {
      at = at.live ? await this.#listen(id, reader, shape, at) : await this.#catchUp(id, reader, shape, at)
    }
  }

  /** One answer of what is there already. Returns where to ask next, null at the shape's end here. */
  async #catchUp(id: string, reader: Reader, shape: Shape, at: ShapePosition): Promise<ShapePosition | null> {
    const leave = await this.#catchUps.enter()
    try {
      const answer = await readUpstream(shapeUrl(upstream(), shape, at), this.#over.signal)
      const { isNews, next } = stepAfter(at, answer, this.#aim)
      if (!isNews) return next
      const judged = await confirmReader(reader)
      return await this.#tell(id, { answer, next }, judged.ok ? null : judged.failure)
    } finally {
      leave()
    }
  }

  /**
   * Waits for what is new, together with everyone who waits there, and tells it for as long as the client takes it as it comes. Returns
   * where to ask once the client has caught up, null at the shape's end here.
   */
  #listen(id: string, reader: Reader, shape: Shape, at: ShapePosition): Promise<ShapePosition | null> {
    return new Promise((resolve) => {
      const leaveFor = (next: ShapePosition | null | Promise<ShapePosition | null>) => {
        this.#leaves.delete(leave)
        resolve(next)
      }
      const seat = audiences().join(shape, at, {
        reader,
        hear: (news, refusal) => {
          if (this.#tellNow(id, news, refusal)) return true
          leaveFor(this.#tell(id, news, refusal))
          return false
        },
        fail: () => leaveFor(this.#tellUnavailable(id)),
      })
      const leave = () => {
        seat.leave()
        leaveFor(null)
      }
      this.#leaves.add(leave)
    })
  }

  /** Tells ordinary news to a client that takes it at once, with no promise made; false where it is more than that, and nothing is told. */
  #tellNow(id: string, { answer, next }: News, refusal: Failure | null): boolean {
    if (refusal || !next || this.#options.hold.kind !== 'stream' || !this.#writer.hasRoom) return false
    this.#writer.offer(answerLine(id, answer))
    return true
  }

  /** Tells news, or why there are none for this reader. Returns where to ask next. */
  async #tell(id: string, { answer, next }: News, refusal: Failure | null): Promise<ShapePosition | null> {
    if (refusal?.code === 'signed_out') this.#endSignedOut(id)
    else await this.#say(() => (refusal ? failureLine(id, refusal) : answerLine(id, answer)))
    return refusal ? null : next
  }

  get #aim(): Follow {
    return this.#options.hold.kind === 'catch-up' ? 'to-the-present' : 'onwards'
  }

  async #tellUnavailable(id: string): Promise<null> {
    await this.#say(() => failureLine(id, unavailable(RETRY_SECONDS)))
    return null
  }

  async #say(encode: () => Uint8Array): Promise<void> {
    // The first news and the end in one: between the two, another shape could say something as well.
    if (this.#options.hold.kind === 'first-news') this.#end(encode())
    else await this.#writer.send(encode)
  }
}

const RETRY_SECONDS = 2

interface ResolvedShape {
  reader: Reader
  shape: Shape
  position: ShapePosition
}

function resolveShape({ viewer, session }: LiveStreamOptions, request: LiveShape): Parsed<ResolvedShape> {
  const entity = entityNamed(request.entity)
  if (!entity) return { ok: false, failure: UNKNOWN_ENTITY }
  if (!request.position.ok) return request.position
  const shape = shapeFor(viewer, entity, request.scope)
  if (!shape.ok) return shape
  const reader: Reader = { session, entity, requested: request.scope }
  return { ok: true, value: { reader, shape: shape.value, position: request.position.value } }
}
