import 'client-only'
import { type Position, type ShapeState, positionOf, rowsOf } from '../store/known-shape'
import { parseOffset } from '@/lib/protocol/offset'
import { type Rows } from '../store/rows'
import type { ShapeId } from '../shapes/shape-name'
import type { ShapeHolder } from '../store/shape-holder'
import type { ShapeMessageOfTab } from '../tabs/messages'
import type { Core } from './core'
import { isShownWithout } from './echoes'

/** How long to wait before asking again for what was missed. */
const ASK_AGAIN_MS = 100

export interface FollowerOptions {
  core: Core
  /** Whether this tab leads by now: then what another one did is the past. */
  isLeading: () => boolean
  /** Has the leader say again where it stands, and tell all rows of shapes that the cache lacks. */
  askAgain: (lacking: ShapeId[]) => void
}

/** Makes this tab show what the leader's shows. Fetched when another tab first has something to tell. */
export class Follower {
  #cancelAsking = () => {}
  /** Writes the leader let go of that this tab still needs. */
  #leaving = new Set<string>()
  /** Shapes that the cache did not hold as far as the leader said. */
  readonly #lacking = new Set<ShapeId>()

  constructor(private readonly options: FollowerOptions) {}

  /** Takes over what the leader did to a shape. */
  async mirror(message: ShapeMessageOfTab): Promise<void> {
    const { core, isLeading } = this.options
    const holder = core.shapes.find(message.shape)
    if (!holder || isLeading()) return
    if (message.rows === 'cached' && message.seq > holder.seq) {
      const store = await core.store
      // What cannot be read is missing, and asked for again.
      const cached = await store.readShape(holder.id).catch(() => null)
      if (core.closed.aborted || isLeading()) return
      if (cached) holder.load(cached)
    }
    const wasComplete = holder.state.kind === 'ready' || holder.state.kind === 'stale'
    const rowsBefore = rowsOf(holder.state)
    const isUncached = message.rows === 'cached' && message.seq > holder.seq
    if (isUncached) this.#lacking.add(holder.id)
    const isMissing =
      isUncached || (message.rows === 'changes' && (holder.state.kind === 'cold' || message.seq > holder.seq + 1))
    if (!isMissing) this.#takeOver(holder, message)
    // Rows first: a write that leaves before its row is there would show the row of before.
    this.letGo(message.echoed)
    core.shapes.render(holder)
    if (isMissing || message.seq > holder.seq) return this.#askAgain()
    const news = wasComplete && message.rows === 'changes' ? message.changes : []
    core.tellChanges(
      holder,
      news.map(({ key, after }) => ({ key, before: rowsBefore.get(key) ?? null, after })),
    )
  }

  /** Removes writes that the leader let go of, each once this tab shows what it did. */
  letGo(origins: readonly string[]): void {
    for (const origin of origins) this.#leaving.add(origin)
    if (this.#leaving.size === 0) return
    const { outbox, shapes } = this.options.core
    const known = outbox.state.entries.filter(({ origin }) => this.#leaving.has(origin))
    const removed = known.filter((entry) => isShownWithout(entry, shapes)).map(({ origin }) => origin)
    this.#leaving = new Set(known.map(({ origin }) => origin).filter((origin) => !removed.includes(origin)))
    if (removed.length > 0) outbox.adopt({ kind: 'seen', puts: [], removed })
  }

  #takeOver(holder: ShapeHolder, message: ShapeMessageOfTab): void {
    const isNews = message.rows === 'all' || (message.rows === 'changes' && message.seq === holder.seq + 1)
    const rows = new Map(message.rows === 'all' ? [] : rowsOf(holder.state))
    for (const { key, after } of isNews ? message.changes : []) {
      if (after) rows.set(key, after)
      else rows.delete(key)
    }
    holder.generation = message.generation
    const position = mirroredPosition(message) ?? positionOf(holder.state)
    holder.mirror(
      isNews ? message.seq : holder.seq,
      mirroredState(message, position, isNews ? rows : rowsOf(holder.state)),
    )
  }

  /** Something was missed: the leader says where it stands once all it applied is stored, and tells the rows that the cache lacks. */
  #askAgain(): void {
    this.#cancelAsking()
    this.#cancelAsking = this.options.core.platform.after(ASK_AGAIN_MS, () => {
      const lacking = [...this.#lacking]
      this.#lacking.clear()
      this.options.askAgain(lacking)
    })
  }

  /** Writes on their way here that the leader does not hold any more. */
  dropGhosts(held: ReadonlySet<string>): void {
    const { entries } = this.options.core.outbox.state
    this.letGo(
      entries.flatMap(({ origin, phase }) =>
        (phase.kind === 'sent' || phase.kind === 'saved') && !held.has(origin) ? [origin] : [],
      ),
    )
  }
}

function mirroredPosition({ position }: ShapeMessageOfTab): Position | null {
  const offset = position && parseOffset(position.offset)
  return position && offset ? { handle: position.handle, offset } : null
}

function mirroredState({ state, failure }: ShapeMessageOfTab, position: Position | null, rows: Rows): ShapeState {
  if (state === 'refused') return { kind: 'refused', rows, failure: failure ?? { code: 'forbidden', message: '' } }
  if (state === 'loading' || position === null) return { kind: 'loading', position, rows }
  // What is staged is the leader's alone.
  return { kind: state === 'refetching' ? 'stale' : state, position, rows }
}
