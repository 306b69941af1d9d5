import 'client-only'
import type { LiveShapeRequest } from '@/lib/protocol/live'
import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import type { ShapeLine } from './lines'

/** Which shapes are wanted live, from where, and who waits for their next line. SPEC.md, "Live client". No clock, no fetch. */

/** How long a shape stays on the connection while nobody asks for its next line: a stream that works on the last one. */
export const LINGER_MS = 5_000
/** Lines kept for those who ask a moment later. */
const RECENT_MAX = 4

/** Where a reader stands. */
export interface Place {
  handle: string
  offset: string
}

/** One waiting live request of a ShapeStream. */
export interface Waiter {
  entity: string
  scope: string | null
  place: Place
  cursor: string | null
  answer(line: ShapeLine): void
}

interface Feed {
  id: string
  entity: string
  scope: string | null
  /** Where the next line must begin. */
  place: Place
  cursor: string | null
  waiters: Set<Waiter>
  /** The last lines with the places they begin at. */
  recent: { from: Place; line: ShapeLine }[]
  /** The server said its last word about it. */
  isEnded: boolean
  idleSince: number | null
}

export type Asked = 'answered' | 'joined' | 'set-changed'
export type Received = 'delivered' | 'known' | 'gap' | 'stray'

export class Feeds {
  readonly #feeds = new Map<string, Feed>()

  get size(): number {
    return this.#feeds.size
  }

  /** Whether any feed still needs a connection. */
  get isEmpty(): boolean {
    return this.shapes().length === 0
  }

  /** Answers from a line that is here already, or lets the waiter wait on the feed that stands where it stands. */
  ask(waiter: Waiter): Asked {
    for (const feed of this.#feeds.values()) {
      if (feed.entity !== waiter.entity || feed.scope !== waiter.scope) continue
      const known = feed.recent.find(({ from }) => isSamePlace(from, waiter.place))
      if (known) {
        if (feed.isEnded && known === feed.recent.at(-1)) this.#feeds.delete(feed.id)
        feed.idleSince = null
        waiter.answer(known.line)
        return 'answered'
      }
      if (!feed.isEnded && isSamePlace(feed.place, waiter.place)) {
        feed.waiters.add(waiter)
        feed.idleSince = null
        return 'joined'
      }
    }
    this.#add(waiter)
    return 'set-changed'
  }

  /** A waiter that gave up. Its feed stays for a while. */
  leave(waiter: Waiter, now: number): void {
    for (const feed of this.#feeds.values()) {
      if (feed.waiters.delete(waiter) && feed.waiters.size === 0) feed.idleSince = now
    }
  }

  /**
   * Takes a line that begins at `from`. `delivered`: it continues the feed. `known`: another connection brought it before.
   * `gap`: it begins elsewhere, so this connection will never bring what is missing. `stray`: nobody wants this shape.
   */
  receive(id: string, from: Place, line: ShapeLine, now: number): Received {
    const feed = this.#feeds.get(id)
    if (!feed || feed.isEnded) return 'stray'
    if (!isSamePlace(from, feed.place)) {
      const to = placeAfter(line)
      return to && isSamePlace(to, feed.place) ? 'known' : 'gap'
    }
    this.#advance(feed, line)
    const waiters = [...feed.waiters]
    feed.waiters.clear()
    feed.idleSince = now
    // An ended feed that was told to someone is done; untold, it waits for whoever asks.
    if (feed.isEnded && waiters.length > 0) this.#feeds.delete(id)
    for (const waiter of waiters) waiter.answer(line)
    return 'delivered'
  }

  /** Forgets feeds nobody asked about for a while; whether the connection serves too many now. */
  expire(now: number): boolean {
    let isChanged = false
    for (const feed of this.#feeds.values()) {
      if (feed.waiters.size > 0 || feed.idleSince === null || now < feed.idleSince + LINGER_MS) continue
      this.#feeds.delete(feed.id)
      isChanged ||= !feed.isEnded
    }
    return isChanged
  }

  /** When `expire` is due next. */
  nextExpiry(): number | null {
    const due = [...this.#feeds.values()].flatMap(({ waiters, idleSince }) =>
      waiters.size > 0 || idleSince === null ? [] : [idleSince + LINGER_MS],
    )
    return due.length === 0 ? null : Math.min(...due)
  }

  /** What to ask the live door for. */
  shapes(): LiveShapeRequest[] {
    return [...this.#feeds.values()]
      .filter(({ isEnded }) => !isEnded)
      .map(({ id, entity, scope, place, cursor }) => ({
        id,
        entity,
        ...(scope === null ? {} : { scope }),
        ...place,
        ...(cursor === null ? {} : { cursor }),
      }))
  }

  /** Everyone who waits, and an end to all feeds. */
  takeAll(): Waiter[] {
    const waiters = [...this.#feeds.values()].flatMap((feed) => [...feed.waiters])
    this.#feeds.clear()
    return waiters
  }

  #add(waiter: Waiter): void {
    const { entity, scope, place, cursor } = waiter
    // The same name in every browser, so that the server encodes a line once for all of them.
    const name = `${entity}/${scope ?? 'mine'}`
    let id = name
    for (let n = 2; this.#feeds.has(id); n += 1) id = `${name}#${n}`
    const waiters = new Set([waiter])
    this.#feeds.set(id, { id, entity, scope, place, cursor, waiters, recent: [], isEnded: false, idleSince: null })
  }

  #advance(feed: Feed, line: ShapeLine): void {
    feed.recent.push({ from: feed.place, line })
    if (feed.recent.length > RECENT_MAX) feed.recent.shift()
    const to = placeAfter(line)
    if (to === null) {
      feed.isEnded = true
      return
    }
    feed.place = to
    feed.cursor = line.headers[ELECTRIC_HEADERS.cursor] ?? feed.cursor
  }
}

/** Where the next line begins; null when the server goes no further with this shape. */
export function placeAfter({ status, headers }: ShapeLine): Place | null {
  const handle = headers[ELECTRIC_HEADERS.handle]
  const offset = headers[ELECTRIC_HEADERS.offset]
  return status === 200 && handle !== undefined && offset !== undefined ? { handle, offset } : null
}

export function isSamePlace(a: Place, b: Place): boolean {
  return a.handle === b.handle && a.offset === b.offset
}
