import 'client-only'
import { positionOf, rowsOf } from '../store/known-shape'
import { unreachable } from '@/lib/protocol/unreachable'
import type { Core } from './core'
import { shapeOfId, type ShapeId } from '../shapes/shape-name'
import type { LoadedPage } from '../store/history-rows'
import type { ShapeHolder } from '../store/shape-holder'
import { entriesIn, type ShapeMessageOfTab, type TabMessage, type Unsigned } from '../tabs/messages'
import type { Tab } from '../tabs/tab'
import type { ShapeName } from '../types'
import { part } from '../part'
import type { Follower } from './follower'
import type { AppliedBatch } from './leader'

/** More changes than this are read from the cache instead of being sent. */
const CHANGES_MAX = 500

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
  readonly #isLeading = () => this.options.tab.state.kind === 'leading'
  #follower: Promise<Follower> | null = null

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
    const isLeading = this.#isLeading
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
        return this.#wish(message, isLeading())
      case 'outbox':
        core.outbox.adopt({ kind: 'seen', puts: entriesIn(message.puts), removed: [] })
        return message.removed.length === 0 ? undefined : this.#follow((follower) => follower.letGo(message.removed))
      case 'outbox-holds':
        return this.#follow((follower) => isLeading() || follower.dropGhosts(new Set(message.origins)))
      case 'shape':
        return this.#follow((follower) => void follower.mirror(message))
      case 'connection':
        return isLeading() ? undefined : core.adoptConnection(message.connection)
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

  /** Does what following needs, in the order of the messages. */
  #follow(step: (follower: Follower) => unknown): void {
    const { core } = this.options
    const load = () => import('./follower')
    this.#follower ??= part(core.platform, core.closed, load).then(
      ({ Follower }) => new Follower({ core, isLeading: this.#isLeading, askAgain: () => this.tellWishes() }),
    )
    void this.#follower.then((follower) => core.closed.aborted || step(follower))
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
