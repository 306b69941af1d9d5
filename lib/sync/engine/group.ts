import 'client-only'
import { unreachable } from '@/lib/protocol/unreachable'
import { parseOffset } from '@/lib/protocol/offset'
import type { Core } from './core'
import { shapeOfId, type ShapeId } from '../shapes/shape-name'
import type { LoadedPage } from '../store/history-rows'
import type { ShapeHolder } from '../store/shape-holder'
import { rowsOf, type Rows } from '../store/rows'
import type { Position, ShapeState } from '../store/shape-state'
import { entriesIn, type ShapeMessageOfTab, type TabMessage, type Unsigned } from '../tabs/messages'
import type { Tab } from '../tabs/tab'
import type { ShapeName } from '../types'
import { isShownWithout } from './echoes'
import type { AppliedBatch } from './leader'

/** More changes than this are read from the cache instead of being sent. */
const CHANGES_MAX = 500
/** How long to wait before asking again for what was missed. */
const ASK_AGAIN_MS = 100

export interface GroupOptions {
  core: Core
  tab: Tab
  /** Containers open in this tab. */
  openScopes: () => string[]
  /** What other tabs look at changed. */
  onWishes: () => void
  onHistory: (holder: ShapeHolder, page: LoadedPage) => void
  onWake: () => void
  onSignedOut: () => void
  /** Everything the leader applied so far is stored. */
  stored: () => Promise<void>
}

/** Keeps the tabs of one user showing the same: followers mirror what the leader does. */
export class Group {
  /** What each other tab looks at; only the leader's matters. */
  readonly #wishes = new Map<string, { shapes: ShapeName[]; scopes: string[] }>()
  #cancelAsking = () => {}
  /** Writes the leader let go of that this tab still needs. */
  #leaving = new Set<string>()

  constructor(private readonly options: GroupOptions) {
    const { core, tab } = options
    tab.messages.listen((message) => this.#hear(message))
    core.shapes.wantedChanged.listen(() => this.tellWishes())
  }

  /** What the other tabs look at, together. */
  wishes(): { shapes: ShapeName[]; scopes: string[] } {
    const all = [...this.#wishes.values()]
    return { shapes: all.flatMap(({ shapes }) => shapes), scopes: all.flatMap(({ scopes }) => scopes) }
  }

  /** Says what this tab looks at, for whoever leads. */
  tellWishes(): void {
    const { core, tab, openScopes } = this.options
    const shapes = core.shapes.wanted().map(({ entity, scope }) => `${entity}/${scope ?? 'mine'}`)
    tab.post({ kind: 'want', shapes, scopes: openScopes() })
  }

  /** Tells followers what was applied to a shape: the changes, or to read the cache once it has them. */
  tellApplied({ holder, step, echoed }: AppliedBatch): void {
    const origins = echoed.map(({ origin }) => origin)
    if (step.changes.length > CHANGES_MAX) {
      return void this.options.stored().then(() => this.#tellState(holder.id, origins))
    }
    const changes = step.changes.map(({ key, after }) => ({ key, after }))
    this.options.tab.post({ ...shapeMessage(holder), changes, rows: 'changes', echoed: origins })
  }

  tellConnection(): void {
    const { core, tab } = this.options
    const { sender } = core.outbox.state
    const waiting = sender.kind === 'waiting' ? { retryAt: sender.retryAt, reason: sender.reason } : null
    tab.post({ kind: 'connection', connection: core.connection, sender: waiting })
  }

  #hear(message: TabMessage): void {
    const { core, tab } = this.options
    const isLeading = tab.state.kind === 'leading'
    switch (message.kind) {
      case 'ping':
      case 'pong':
      case 'yield':
        return
      case 'leading':
        return this.tellWishes()
      case 'gone':
        this.#wishes.delete(message.from)
        return this.options.onWishes()
      case 'want':
        return this.#wish(message, isLeading)
      case 'outbox':
        core.outbox.adopt({ kind: 'seen', puts: entriesIn(message.puts), removed: [] })
        return this.#letGo(message.removed)
      case 'outbox-holds':
        return isLeading ? undefined : this.#letGo(this.#ghosts(new Set(message.origins)))
      case 'shape':
        return isLeading ? undefined : void this.#mirror(message)
      case 'connection':
        return isLeading ? undefined : core.adoptConnection(message.connection)
      case 'history':
        return this.#keepHistory(message)
      case 'flush':
        return void core.outbox.adopt({ kind: 'flushed', now: core.platform.now() })
      case 'wake':
        return this.options.onWake()
      case 'signed-out':
        return this.options.onSignedOut()
      default:
        return unreachable(message)
    }
  }

  /** Writes on their way here that the leader is done with. */
  #ghosts(held: ReadonlySet<string>): string[] {
    const { entries } = this.options.core.outbox.state
    return entries.flatMap(({ origin, phase }) =>
      (phase.kind === 'sent' || phase.kind === 'saved') && !held.has(origin) ? [origin] : [],
    )
  }

  #wish({ from, shapes, scopes }: Extract<TabMessage, { kind: 'want' }>, isLeading: boolean): void {
    const { core, tab } = this.options
    this.#wishes.set(from, { shapes: shapes.flatMap((id) => shapeOfId(id) ?? []), scopes })
    if (!isLeading) return
    this.options.onWishes()
    // Once what was applied is stored, a tab that just read the cache learns whether it missed something.
    void this.options.stored().then(() => {
      this.tellConnection()
      tab.post({ kind: 'outbox-holds', origins: core.outbox.state.entries.map(({ origin }) => origin) })
      for (const id of shapes) this.#tellState(id)
    })
  }

  #tellState(id: ShapeId, echoed: string[] = []): void {
    const holder = this.options.core.shapes.find(id)
    if (!holder || holder.state.kind === 'cold') return
    const isCached = holder.isCached && holder.entity.serverColumns !== 'ephemeral'
    const changes = isCached ? [] : [...rowsOf(holder.state)].map(([key, after]) => ({ key, after }))
    this.options.tab.post({ ...shapeMessage(holder), changes, rows: isCached ? 'cached' : 'all', echoed })
  }

  async #mirror(message: ShapeMessageOfTab): Promise<void> {
    const { core } = this.options
    const holder = core.shapes.find(message.shape)
    if (!holder) return
    if (message.rows === 'cached' && message.seq > holder.seq) {
      const store = await core.store
      holder.load(await store.readShape(holder.id))
    }
    const wasComplete = holder.state.kind === 'ready' || holder.state.kind === 'stale'
    const rowsBefore = rowsOf(holder.state)
    const isMissing = message.rows === 'changes' && (holder.state.kind === 'cold' || message.seq > holder.seq + 1)
    if (!isMissing) this.#takeOver(holder, message)
    // Rows first: a write that leaves before its row is there would show the row of before.
    this.#letGo(message.echoed)
    core.shapes.render(holder)
    if (isMissing || message.seq > holder.seq) return this.#askAgain()
    const news = wasComplete && message.rows === 'changes' ? message.changes : []
    core.tellChanges(
      holder,
      news.map(({ key, after }) => ({ key, before: rowsBefore.get(key) ?? null, after })),
    )
  }

  /** Removes writes that the leader let go of, each once this tab shows what it did. */
  #letGo(origins: readonly string[]): void {
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

  /** Something was missed: the leader says where it stands once all it applied is stored. */
  #askAgain(): void {
    this.#cancelAsking()
    this.#cancelAsking = this.options.core.platform.after(ASK_AGAIN_MS, () => this.tellWishes())
  }

  #keepHistory({ shape, rows, group, isFirst, dropsOlder }: Extract<TabMessage, { kind: 'history' }>): void {
    const holder = this.options.core.shapes.find(shape)
    if (holder) this.options.onHistory(holder, { rows, group, isFirst, dropsOlder })
  }
}

function shapeMessage(holder: ShapeHolder): Omit<Unsigned<ShapeMessageOfTab>, 'changes' | 'rows' | 'echoed'> {
  const { state } = holder
  return {
    kind: 'shape',
    shape: holder.id,
    seq: holder.seq,
    generation: holder.generation,
    state: state.kind === 'cold' ? 'loading' : state.kind,
    position: positionOf(state),
    failure: state.kind === 'refused' ? { code: 'forbidden', message: state.failure.message } : null,
  }
}

function positionOf(state: ShapeState): Position | null {
  return 'position' in state ? state.position : null
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
