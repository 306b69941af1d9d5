import 'client-only'
import type { Actor } from '@/lib/entity/define'
import { openIndexedDb, type Cache, type OpenedDb } from '../cache/indexeddb'
import type { LocalStore } from '../cache/local-store'
import { newConnection, type ConnectionState } from '../connection/connection'
import { Emitter } from '../emitter'
import { OutboxDriver, type OutboxDiff } from '../outbox/outbox-driver'
import type { OutboxEntry } from '../outbox/entry'
import { unsentEntries, type SenderView } from '../outbox/outbox-state'
import { part } from '../part'
import type { Platform } from '../platform'
import type { ShapeHolder } from '../store/shape-holder'
import type { RowChange } from '../store/shape-state'
import type { ConnectionView, OutboxItem, SyncEvent } from '../types'
import { MEMBERSHIP_SHAPES, membershipsOf, type Memberships } from './memberships'
import { ShapeSet } from './shape-set'
import { Statuses } from './statuses'
import { Uncached } from './uncached'
import { connectionView, itemOf } from './views'

/** How often the views that speak of ages are looked at while something is unsent. */
const WATCH_MS = 5_000

export interface CoreOptions {
  platform: Platform
  actor: Actor
  share: (diff: OutboxDiff) => void
  makeRoom: () => Promise<void>
}

/** What every tab has, whether it leads or follows: shapes, outbox, connection, and what follows from them. */
export class Core {
  readonly platform: Platform
  readonly actor: Actor
  /** Cached rows, a moment before it is known whether this browser also writes: painting waits for them. */
  readonly cache: Promise<Cache>
  readonly store: Promise<LocalStore>
  readonly shapes: ShapeSet
  readonly outbox: OutboxDriver
  readonly statuses: Statuses
  readonly uncached: Uncached
  /** Aborts when the layer ends in this tab. */
  readonly closed: AbortSignal
  readonly events = new Emitter<SyncEvent>()
  readonly connectionChanged = new Emitter()
  readonly clientKnown = new Emitter()
  readonly membershipsChanged = new Emitter()
  /** Set from outside by who measures storage. */
  storage: ConnectionView['storage'] = null
  connection: ConnectionState
  clientId: string | null = null
  memberships: Memberships
  /** What the sender does where another tab leads; null while this one does, or none was heard of. */
  #leaderSender: SenderView | null = null
  #view: ConnectionView
  #items: { of: readonly OutboxEntry[]; items: readonly OutboxItem[] } = { of: [], items: [] }
  readonly #closing = new AbortController()
  #cancelWatch = () => {}

  constructor({ platform, actor, share, makeRoom }: CoreOptions) {
    this.platform = platform
    this.actor = actor
    const userId = actor.user_id
    this.closed = this.#closing.signal
    this.uncached = new Uncached(platform, userId, this.closed)
    const opened = openIndexedDb(platform.indexedDB, userId)
    this.store = storeOf(platform, opened, this.closed)
    this.cache = opened.then(({ cache }) => cache).catch(() => this.store)
    this.connection = newConnection(platform.now())
    this.outbox = new OutboxDriver({ platform, store: this.store, share, makeRoom })
    this.shapes = new ShapeSet({
      userId,
      after: (delayMs, run) => platform.after(delayMs, run),
      entries: () => this.outbox.state.entries,
      author: () => ({ actor, clientId: this.clientId }),
      isLocalOnly: (scope) => this.#isLocalOnly(scope),
    })
    this.memberships = this.#readMemberships()
    this.statuses = new Statuses({
      userId,
      shapes: this.shapes,
      entries: () => this.outbox.state.entries,
      connection: () => this.connection.kind,
      clientId: () => this.clientId,
      memberships: () => this.memberships,
    })
    // In every tab, and with the first rows: without them nothing is known to be unread.
    this.shapes.read({ entity: 'read_marks', scope: null })
    this.#view = this.#readConnection()
    this.outbox.changed.listen((diff) => this.#outboxChanged(diff))
    this.outbox.settled.listen(({ entry, kind }) => this.events.emit({ kind, item: itemOf(entry) }))
    this.shapes.rendered.listen((holder) => this.#shapeChanged(holder))
  }

  get connectionView(): ConnectionView {
    return this.#view
  }

  /** The same array until the outbox is another. */
  get outboxItems(): readonly OutboxItem[] {
    const { state, durability } = this.outbox
    const { entries } = state
    if (this.#items.of !== entries)
      this.#items = { of: entries, items: entries.map((entry) => itemOf(entry, durability)) }
    return this.#items.items
  }

  /** By what id the server knows this browser. */
  know(clientId: string): void {
    if (clientId === this.clientId) return
    this.clientId = clientId
    this.clientKnown.emit()
  }

  /** Takes over what was observed of the connection: here, or in the tab that leads, with what its sender does. */
  adoptConnection(connection: ConnectionState, leaderSender: SenderView | null = null): void {
    const before = this.connection
    if (connection === before && leaderSender === this.#leaderSender) return
    this.connection = connection
    this.#leaderSender = leaderSender
    this.refreshConnection()
    if (connection.kind !== before.kind) this.statuses.changed.emit()
  }

  /** Computes the view of the connection again and tells when it differs. */
  refreshConnection(): void {
    const view = this.#readConnection()
    if (JSON.stringify(view) === JSON.stringify(this.#view)) return
    this.#view = view
    this.connectionChanged.emit()
    this.events.emit({ kind: 'connection', connection: view })
  }

  /** Reports applied changes to observers. */
  tellChanges({ entity, scope }: ShapeHolder, changes: readonly RowChange[]): void {
    if (!this.events.isHeard) return
    for (const { key, before, after } of changes) {
      const op = after === null ? 'delete' : before === null ? 'insert' : 'update'
      this.events.emit({ kind: 'change', entity: entity.name, scope, op, key, before, after })
    }
  }

  close(): void {
    this.#cancelWatch()
    this.#closing.abort()
    this.events.clear()
    this.store.then((store) => store.close()).catch(() => undefined)
  }

  #outboxChanged({ puts, removed }: OutboxDiff): void {
    this.shapes.renderFor([...puts, ...removed])
    this.statuses.changed.emit()
    this.refreshConnection()
    this.#watch()
  }

  /** The oldest unsent write grows older without any event. */
  #watch(): void {
    this.#cancelWatch()
    if (this.#view.unsentCount === 0) return
    this.#cancelWatch = this.platform.after(WATCH_MS, () => {
      this.refreshConnection()
      this.#watch()
    })
  }

  #shapeChanged({ name }: ShapeHolder): void {
    if (!MEMBERSHIP_SHAPES.some(({ entity }) => entity === name.entity) || name.scope !== null) return
    this.memberships = this.#readMemberships()
    this.shapes.renderAll()
    this.membershipsChanged.emit()
  }

  #readMemberships(): Memberships {
    const [bands, projects] = MEMBERSHIP_SHAPES
    return membershipsOf(this.actor.user_id, this.shapes.hold(bands).state, this.shapes.hold(projects).state)
  }

  /** Whether a container was made on this device and is not known to the server's shapes yet. */
  #isLocalOnly(scope: string | null): boolean {
    if (scope === null || scope === this.actor.user_id) return false
    const isMade = this.outbox.state.entries.some(({ write }) => write.op === 'insert' && write.key === scope)
    const { bands, projects } = this.memberships.viewer
    return isMade && !bands.has(scope) && !projects.has(scope)
  }

  #readConnection(): ConnectionView {
    return connectionView({
      connection: this.connection,
      unsent: unsentEntries(this.outbox.state),
      sender: this.#leaderSender ?? this.outbox.state.sender,
      now: this.platform.now(),
      durability: this.outbox.durability,
      storage: this.storage,
    })
  }
}

async function storeOf(platform: Platform, opened: Promise<OpenedDb>, stopped: AbortSignal): Promise<LocalStore> {
  try {
    return await (
      await opened
    ).store
  } catch (error) {
    console.warn('This browser stores nothing: unsent changes will not survive closing.', error)
  }
  const { openMemoryStore } = await part(platform, stopped, () => import('../cache/memory'))
  return openMemoryStore()
}
