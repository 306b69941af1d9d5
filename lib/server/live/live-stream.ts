import 'server-only'
import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { entityNamed } from '@/entities'
import type { Viewer } from '@/lib/entity/viewer'
import type { Failure } from '@/lib/protocol/errors'
import { HEARTBEAT_MS } from '@/lib/protocol/live'
import { confirmReader, type Reader } from '../read/access'
import { readLive, upstream } from '../read/read-shape'
import { shapeFor, shapeUrl, UNKNOWN_ENTITY, type Shape } from '../read/shape'
import type { Parsed, ShapePosition } from '../read/shape-query'
import { readUpstream, unavailable, type Answer } from '../read/upstream'
import type { Session } from '../session'
import { viewerOf } from '../stored-viewer'
import { SIGNED_OUT } from '../viewer'
import { viewerQueue } from '../viewer-queue'
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
/** Answers that come at once and tell nothing: a wrongly set sync service must not be asked in a circle. */
const QUICK_MS = 100
const QUICK_IDLES_MAX = 5
const PAUSE_MS = 1_000

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

  #end(lastLine?: Uint8Array): void {
    if (this.#over.signal.aborted) return
    this.#over.abort()
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
      if (!shape.ok) return await this.#tell(() => failureLine(request.id, shape.failure))
      await this.#follow(request.id, shape.value)
    } catch (error) {
      if (this.#over.signal.aborted) return
      console.error(error)
      await this.#tell(() => failureLine(request.id, unavailable(RETRY_SECONDS)))
    }
  }

  async #follow(id: string, resolved: ResolvedShape): Promise<void> {
    const quickness = new Quickness()
    for (let at: ShapePosition | null = firstPosition(resolved.position, this.#aim); at;) {
      const leave = at.live ? null : await this.#catchUps.enter()
      try {
        at = await this.#step(id, resolved, at, quickness)
      } finally {
        leave?.()
      }
    }
  }

  /** One answer about a shape, told if it is news. Returns where to ask next, null at the shape's end here. */
  async #step(
    id: string,
    { reader, shape }: ResolvedShape,
    at: ShapePosition,
    quickness: Quickness,
  ): Promise<ShapePosition | null> {
    const asked = performance.now()
    const answer = await this.#ask(shape, at)
    const { isNews, next } = stepAfter(at, answer, this.#aim)
    if (!isNews) {
      if (quickness.isCircle(performance.now() - asked)) {
        await delay(PAUSE_MS, undefined, { signal: this.#over.signal })
      }
      return next
    }
    const refusal = await refusalOf(reader)
    if (refusal?.code === 'signed_out') this.#endSignedOut(id)
    else await this.#tell(() => (refusal ? failureLine(id, refusal) : answerLine(id, answer)))
    return refusal ? null : next
  }

  get #aim(): Follow {
    return this.#options.hold.kind === 'catch-up' ? 'to-the-present' : 'onwards'
  }

  #ask(shape: Shape, position: ShapePosition): Promise<Answer> {
    const { signal } = this.#over
    return position.live
      ? readLive(shape, position, signal)
      : readUpstream(shapeUrl(upstream(), shape, position), signal)
  }

  async #tell(encode: () => Uint8Array): Promise<void> {
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

/** Why the reader may not have what upstream just answered; null when they may. */
async function refusalOf(reader: Reader): Promise<Failure | null> {
  const confirmed = await confirmReader(reader)
  return confirmed.ok ? null : confirmed.failure
}

/** Counts answers that came at once with nothing in them. */
class Quickness {
  #count = 0

  isCircle(elapsedMs: number): boolean {
    this.#count = elapsedMs < QUICK_MS ? this.#count + 1 : 0
    return this.#count >= QUICK_IDLES_MAX
  }
}
