import 'client-only'
import { unreachable } from '@/lib/protocol/unreachable'
import type { Core } from './core'
import { shapeIdOf, shapeOfId, type ShapeId } from '../shapes/shape-name'
import type { LoadedPage } from '../store/history-rows'
import type { ShapeHolder } from '../store/shape-holder'
import { entriesIn, type TabMessage } from '../tabs/messages'
import type { Tab } from '../tabs/tab'
import type { ShapeName } from '../types'
import { part } from '../part'
import type { Follower } from './follower'
import type { Office } from './office'

export interface GroupOptions {
  core: Core
  tab: Tab
  /** Containers open in this tab. */
  openScopes: () => string[]
  /** Null while another tab leads, or this one only begins to. */
  office: () => Office | null
  onHistory: (holder: ShapeHolder, page: LoadedPage) => void
  onSignedOut: () => void
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

  /** Says what this tab looks at, and which rows it did not find in the cache, for whoever leads. */
  tellWishes(lacking: ShapeId[] = []): void {
    const { core, tab, openScopes } = this.options
    tab.post({ kind: 'want', shapes: core.shapes.wanted().map(shapeIdOf), scopes: openScopes(), lacking })
  }

  #hear(message: TabMessage): void {
    const { core } = this.options
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
        return this.options.office()?.reconcile()
      case 'want':
        return this.#wish(message)
      case 'outbox':
        core.outbox.adopt({ kind: 'seen', puts: entriesIn(message.puts), removed: [] })
        return message.removed.length === 0 ? undefined : this.#follow((follower) => follower.letGo(message.removed))
      case 'outbox-holds':
        return this.#follow((follower) => isLeading() || follower.dropGhosts(new Set(message.origins)))
      case 'shape':
        return this.#follow((follower) => void follower.mirror(message))
      case 'connection':
        return isLeading() ? undefined : core.adoptConnection(message.connection, message.sender)
      case 'history':
        return this.#keepHistory(message)
      case 'flush':
        return void core.outbox.adopt({ kind: 'flushed', now: core.platform.now() })
      case 'wake':
        return this.options.office()?.wake()
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
      ({ Follower }) =>
        new Follower({ core, isLeading: this.#isLeading, askAgain: (lacking) => this.tellWishes(lacking) }),
    )
    void this.#follower.then((follower) => core.closed.aborted || step(follower))
  }

  #wish({ from, scopes, ...wish }: Extract<TabMessage, { kind: 'want' }>): void {
    const shapes = wish.shapes.flatMap((id) => shapeOfId(id) ?? [])
    this.#wishes.set(from, { shapes, scopes })
    this.options.office()?.wished(shapes, new Set(wish.lacking))
  }

  #keepHistory({ shape, rows, group, isFirst, dropsOlder }: Extract<TabMessage, { kind: 'history' }>): void {
    const holder = this.options.core.shapes.find(shape)
    if (holder) this.options.onHistory(holder, { rows, group, isFirst, dropsOlder })
  }
}
