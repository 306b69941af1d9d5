import 'server-only'
import { setImmediate as afterOthers, setTimeout as delay } from 'node:timers/promises'
import type { Failure } from '@/lib/protocol/errors'
import { judgeReader, type Reader } from '../read/access'
import { readLive } from '../read/read-shape'
import { liveKey, type Shape } from '../read/shape'
import type { ShapePosition } from '../read/shape-query'
import type { Answer } from '../read/upstream'
import type { StoredViewer } from '../stored-viewer'
import { viewerQueue } from '../viewer-queue'
import { stepAfter } from './follow'

/** Somebody who listens to a shape. */
export interface Listener {
  reader: Reader
  /** Takes the news. Whoever returns true hears what comes after it as well, the others have left. */
  hear(news: News, refusal: Failure | null): boolean
  /** Nothing more comes: the database failed, or upstream in a way that is no answer. */
  fail(): void
}

export interface News {
  answer: Answer
  /** Where it goes on; null at the shape's end here. */
  next: ShapePosition | null
}

/** Somebody's place among those who listen. */
export interface Seat {
  leave(): void
}

/** Where audiences ask. */
interface Sources {
  /** What a shape says next after a position; rejects when the signal aborts. */
  answer(shape: Shape, position: ShapePosition, signal: AbortSignal): Promise<Answer>
  /** People as stored at some moment after this call. */
  viewers(userIds: readonly string[]): Promise<ReadonlyMap<string, StoredViewer>>
}

/** So many are told in one go. Between two goes others are served, and lines leave for those who were told. */
const TOLD_AT_ONCE = 50
/** Answers that come at once and tell nothing: a wrongly set sync service must not be asked in a circle. */
const QUICK_MS = 100
const QUICK_IDLES_MAX = 5
const PAUSE_MS = 1_000

/**
 * Everyone who listens to a shape from one place. They wait for one answer, one check tells who may have it, and they go on together: for
 * each of a thousand nothing is done but what their line needs.
 */
export class Audiences {
  readonly #sources: Sources
  readonly #waiting = new Map<string, Audience>()

  constructor(sources: Sources) {
    this.#sources = sources
  }

  /** Listens to what a shape says after a position. */
  join(shape: Shape, position: ShapePosition, listener: Listener): Seat {
    return this.#at(shape, position).admit(listener)
  }

  /** Places at which somebody waits, for metrics and tests. */
  get size(): number {
    return this.#waiting.size
  }

  /** Those who wait, for metrics and tests. */
  get listeners(): number {
    return [...this.#waiting.values()].reduce((sum, { size }) => sum + size, 0)
  }

  #at(shape: Shape, position: ShapePosition, quickIdles = 0): Audience {
    const key = liveKey(shape, position)
    const waiting = this.#waiting.get(key)
    if (waiting && !waiting.signal.aborted) return waiting
    const audience = new Audience()
    this.#waiting.set(key, audience)
    void this.#attend(key, audience, { shape, position, quickIdles })
    return audience
  }

  /** From the question until the last one is told. Never rejects. */
  async #attend(key: string, audience: Audience, { shape, position, quickIdles }: Place): Promise<void> {
    const asked = performance.now()
    try {
      const { signal } = audience
      const answer = await this.#sources.answer(shape, position, signal).finally(() => this.#close(key, audience))
      const { isNews, next } = stepAfter(position, answer, 'onwards')
      if (isNews) await audience.tell({ answer, next }, await this.#sources.viewers(audience.userIds))
      const idles = !isNews && performance.now() - asked < QUICK_MS ? quickIdles + 1 : 0
      if (idles >= QUICK_IDLES_MAX) await delay(PAUSE_MS)
      if (next && audience.size > 0) audience.moveTo(this.#at(shape, next, idles))
    } catch (error) {
      if (audience.size === 0) return
      console.error(error)
      audience.fail()
    }
  }

  /** Once it is answered, whoever comes asks anew. */
  #close(key: string, audience: Audience): void {
    if (this.#waiting.get(key) === audience) this.#waiting.delete(key)
  }
}

const own = new Audiences({ answer: readLive, viewers: (userIds) => viewerQueue().readAll(userIds) })

/** Those of the live door. The answers and checks they ask for are shared by the whole process. */
export function audiences(): Audiences {
  return own
}

interface Place {
  shape: Shape
  position: ShapePosition
  /** How often in a row it was answered at once with nothing. */
  quickIdles: number
}

class Audience {
  readonly #seats = new Set<HeldSeat>()
  readonly #left = new AbortController()

  /** Aborts when everyone has left. */
  get signal(): AbortSignal {
    return this.#left.signal
  }

  get size(): number {
    return this.#seats.size
  }

  get userIds(): string[] {
    return [...this.#seats].map(({ listener }) => listener.reader.session.user_id)
  }

  admit(listener: Listener): Seat {
    const seat = new HeldSeat(listener, this)
    this.#seats.add(seat)
    return seat
  }

  /** Tells everyone who is still here. Who goes on keeps the seat. */
  async tell(news: News, stored: ReadonlyMap<string, StoredViewer>): Promise<void> {
    let told = 0
    for (const seat of this.#seats) {
      if (!tellOne(seat.listener, news, stored)) this.#seats.delete(seat)
      if (++told % TOLD_AT_ONCE === 0) await afterOthers()
    }
  }

  fail(): void {
    for (const { listener } of this.#seats) listener.fail()
    this.#seats.clear()
  }

  moveTo(next: Audience): void {
    for (const seat of this.#seats) {
      seat.audience = next
      next.#seats.add(seat)
    }
    this.#seats.clear()
  }

  leave(seat: HeldSeat): void {
    this.#seats.delete(seat)
    if (this.#seats.size === 0) this.#left.abort()
  }
}

/** Whether the listener goes on. What goes wrong with one is no other's. */
function tellOne(listener: Listener, news: News, stored: ReadonlyMap<string, StoredViewer>): boolean {
  const { reader } = listener
  try {
    const judged = judgeReader(reader, stored.get(reader.session.user_id))
    return listener.hear(news, judged.ok ? null : judged.failure)
  } catch (error) {
    console.error(error)
    listener.fail()
    return false
  }
}

class HeldSeat implements Seat {
  readonly listener: Listener
  audience: Audience

  constructor(listener: Listener, audience: Audience) {
    this.listener = listener
    this.audience = audience
  }

  leave(): void {
    this.audience.leave(this)
  }
}
