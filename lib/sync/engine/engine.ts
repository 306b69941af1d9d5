import 'client-only'
import type { Actor } from '@/lib/entity/define'
import { newKey } from '@/lib/entity/keys'
import type { JsonRow } from '@/lib/protocol/json'
import { makeEntry } from '../outbox/make-entry'
import { nextSeq } from '../outbox/outbox-driver'
import type * as Delivery from '../outbox/delivery'
import { nextOutbox, type OutboxState } from '../outbox/outbox-state'
import { placeWrite } from '../outbox/place'
import { source } from '../emitter'
import { part } from '../part'
import type { PageEvent, Platform } from '../platform'
import type { LoadedPage } from '../store/history-rows'
import { forgetElectricNotes } from '../shapes/electric-notes'
import { entityOf } from '../shapes/shape-name'
import type { ShapeHolder } from '../store/shape-holder'
import type { HistoryPage, Source, Sync, UncachedReads } from '../sync'
import { Tab } from '../tabs/tab'
import type {
  ConnectionView,
  Intent,
  MadeWrite,
  OutboxItem,
  RowStatus,
  ShapeName,
  ShapeView,
  SyncEvent,
} from '../types'
import { Core } from './core'
import { Group } from './group'
import type { Housekeeping } from './housekeeping'
import type { AppliedBatch } from './leader'
import type * as Leading from './office'
import { OpenScopes } from './open-scopes'
import { itemOf } from './views'

/** The sync layer of one person in one tab: puts its parts together and answers components. */
export class Engine implements Sync {
  readonly userId: string
  readonly clientId: Source<string | null>
  readonly connection: Source<ConnectionView>
  readonly outbox: Source<readonly OutboxItem[]>
  readonly #core: Core
  readonly #tab: Tab
  readonly #group: Group
  readonly #housekeeping: Promise<Housekeeping>
  /** What a leading tab needs besides: fetched while the cache is read. */
  readonly #leading: Promise<typeof Leading>
  readonly #openScopes = new OpenScopes(() => this.#scopesChanged())
  /** Settles when what painting needs besides rows is known. */
  readonly #recalled: Promise<void>
  readonly #restored: Promise<void>
  readonly #stopPage: () => void
  readonly #loadedGroups = new Map<string, number>()
  #office: Leading.Office | null = null
  #isLeaving = false
  #isClosed = false

  constructor(platform: Platform, actor: Actor) {
    this.userId = actor.user_id
    this.#core = new Core({
      platform,
      actor,
      share: ({ puts, removed }) =>
        this.#tab.post({ kind: 'outbox', puts, removed: removed.map(({ origin }) => origin) }),
      makeRoom: () => this.#makeRoom(),
    })
    const core = this.#core
    this.#tab = new Tab({
      platform,
      name: `backline-${actor.user_id}`,
      takeEpoch: async () => (await core.store).takeEpoch(),
      onLead: (epoch) => this.#attempt('begin to lead', this.#lead(epoch)),
      onStopLeading: () => this.#stopLeading(),
    })
    this.#group = new Group({
      core,
      tab: this.#tab,
      openScopes: () => this.#openScopes.all,
      office: () => this.#office,
      onHistory: (holder, page) => void (this.#office && this.#keepPage(holder, page)),
      onSignedOut: () => void this.close(),
    })
    this.#leading = this.#part(() => import('./office'))
    this.#housekeeping = this.#part(() => import('./housekeeping')).then(({ Housekeeping }) => new Housekeeping(core))
    this.clientId = source(core.clientKnown, () => core.clientId)
    this.connection = source(core.connectionChanged, () => core.connectionView)
    this.outbox = source(core.outbox.changed, () => core.outboxItems)
    this.#recalled = this.#recall()
    this.#restored = this.#restore()
    const read = (holder: ShapeHolder): void => {
      holder.reading = this.#read(holder)
    }
    for (const holder of core.shapes) read(holder)
    core.shapes.opened.listen(read)
    core.shapes.wantedChanged.listen(() => this.#office?.reconcile())
    this.#stopPage = platform.onPage((event) => this.#pageDid(event))
    this.#attempt('start', this.#start())
  }

  get uncached(): UncachedReads {
    return this.#core.uncached
  }

  shape(name: ShapeName): Source<ShapeView> {
    const { shapes } = this.#core
    return {
      read: () => shapes.hold(name).view,
      subscribe: (listener) => this.#follow(name, listener),
    }
  }

  row(name: ShapeName, key: string): Source<JsonRow | null> {
    const { shapes } = this.#core
    return {
      read: () => shapes.hold(name).row(key),
      subscribe: (listener) => this.#follow(name, listener),
    }
  }

  rowStatus(entity: string, key: string): Source<RowStatus> {
    const { statuses } = this.#core
    return source(statuses.changed, () => statuses.statusOf(entity, key))
  }

  write(entityName: string, intent: Intent): MadeWrite {
    const { shapes, outbox, platform } = this.#core
    const entity = entityOf(entityName)
    const { key } = intent
    const entry = makeEntry(entity, intent, {
      userId: this.userId,
      now: platform.now(),
      row: key === undefined ? null : (shapes.row(entityName, key)?.row ?? null),
      seq: nextSeq(outbox.state),
    })
    return outbox.add(placeWrite(entity, outbox.state.entries, entry), entry)
  }

  flush(): void {
    const { outbox, platform } = this.#core
    const now = platform.now()
    outbox.apply((state) => nextOutbox(state, { kind: 'flushed', now }))
    this.#tab.post({ kind: 'flush' })
  }

  retry(id: string): void {
    this.#decide(({ retried }, state) => retried(state, id))
  }

  edit(id: string, values: JsonRow): void {
    this.#decide(({ corrected }, state) => corrected(state, id, values))
  }

  discard(id: string): void {
    this.#decide(({ discarded }, state) => discarded(state, id, newKey))
  }

  exportOutbox(): string {
    const unsaved = this.#core.outbox.state.entries.filter(({ phase }) => phase.kind !== 'saved')
    return JSON.stringify(
      unsaved.map((entry) => ({ ...itemOf(entry), write: entry.write })),
      null,
      2,
    )
  }

  openScope(scope: string): () => void {
    return this.#openScopes.open(scope)
  }

  markRead(entity: string, row: JsonRow, lastRead?: string): void {
    const values = this.#core.statuses.markOf(entity, row, lastRead)
    if (values) this.write('read_marks', { op: 'insert', values })
  }

  async historyPage(
    name: { entity: string; scope: string; group?: string },
    before: string | null,
  ): Promise<HistoryPage> {
    const { loadHistoryPage } = await this.#part(() => import('./history-pages'))
    const keep = (holder: ShapeHolder, page: LoadedPage) => this.#keepPage(holder, page)
    return loadHistoryPage(this.#core, { name, before, loadedGroups: this.#loadedGroups, keep })
  }

  pin(name: ShapeName, isPinned: boolean): void {
    const holder = this.#core.shapes.hold(name)
    holder.isPinned = isPinned
    this.#attempt(
      'keep what was pinned',
      this.#core.store.then((store) => store.touchShape(holder.id, { isPinned })),
    )
  }

  observe(listener: (event: SyncEvent) => void): () => void {
    return this.#core.events.listen(listener)
  }

  wake(): void {
    if (this.#office) this.#office.wake()
    else this.#tab.post({ kind: 'wake' })
  }

  async signOut(endSession: () => Promise<boolean>): Promise<void> {
    // First, also where leading was about to begin: what is asked while the session ends would be refused.
    this.#isLeaving = true
    this.#stopLeading()
    const goOn = this.#core.uncached.hold()
    if (!(await endSession().catch(() => false))) {
      this.#isLeaving = false
      goOn()
      const { epoch } = this.#tab
      if (epoch !== null) this.#attempt('begin to lead', this.#lead(epoch))
      return
    }
    const store = await this.#core.store
    await this.#core.outbox.inOrder(async () => undefined)
    this.#tab.post({ kind: 'signed-out' })
    // What a tab that led until now still has to store comes too late.
    await store.takeEpoch()
    await store.wipeCache()
    forgetElectricNotes()
    await this.close()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopPage()
    this.flush()
    await this.#office?.leader.stored()
    this.#stopLeading()
    await this.#core.outbox.inOrder(async () => undefined)
    this.#tab.close()
    this.#core.close()
  }

  #part<T>(load: () => Promise<T>): Promise<T> {
    return part(this.#core.platform, this.#core.closed, load)
  }

  /** Applies what a person decided about a write. */
  #decide(step: (decisions: typeof Delivery, state: OutboxState) => OutboxState): void {
    const load = () => import('../outbox/delivery')
    const decided = this.#part(load).then((decisions) => {
      this.#core.outbox.apply((state) => step(decisions, state))
    })
    this.#attempt('decide about a change', decided)
  }

  async #makeRoom(): Promise<void> {
    return (await this.#housekeeping).makeRoom()
  }

  /** Storage may be taken away at any moment: that is said, unless the tab is closing anyway. */
  #attempt(what: string, attempt: Promise<void>): void {
    attempt.catch((error: unknown) => {
      if (!this.#isClosed) console.warn(`This tab could not ${what}.`, error)
    })
  }

  /**
   * What was written here before, and by whom: nothing is painted without it, and it need not be known for that whether this browser writes.
   * Read before any rows: a write that leaves in between is then known by its row, and no row goes back in time.
   */
  async #recall(): Promise<void> {
    const { cache, outbox } = this.#core
    const stored = cache.then((opened) => opened.readOutbox())
    const id = cache.then((opened) => opened.clientId())
    const [known] = await Promise.all([id, outbox.recall(() => stored)])
    this.#core.know(known)
  }

  /** Hears the other tabs; what they wrote before that is stored. */
  async #restore(): Promise<void> {
    const { store, outbox } = this.#core
    const opened = await store
    if (opened.isDurable) this.#tab.join()
    else outbox.durability = 'nowhere'
    this.#core.know(await opened.clientId())
    await outbox.recall(() => opened.readOutbox())
    this.#core.refreshConnection()
  }

  async #start(): Promise<void> {
    await this.#restored
    if (this.#isClosed) return
    this.#tab.start()
    ;(await this.#housekeeping).start()
  }

  /** Paints a shape from the cache, then has it followed. */
  async #read(holder: ShapeHolder): Promise<void> {
    const { cache, shapes, platform } = this.#core
    const opened = await cache
    const reading = opened.readShape(holder.id).catch(() => null)
    await this.#recalled.catch(() => undefined)
    const cached = await reading
    if (this.#isClosed) return
    if (holder.state.kind === 'cold') holder.load(cached)
    holder.usedAt = platform.now()
    if (cached) void opened.touchShape(holder.id, { usedAt: holder.usedAt }).catch(() => undefined)
    shapes.render(holder)
    await this.#restored.catch(() => undefined)
    if (this.#isClosed) return
    if (this.#office) this.#office.reconcile()
    else this.#group.tellWishes()
  }

  async #lead(epoch: number): Promise<void> {
    const { store, outbox, clientId, shapes, events } = this.#core
    const [opened, { Office, readBehind }] = await Promise.all([store, this.#leading])
    const behind = await readBehind(opened, shapes)
    // What the last leader stored is the truth to go on from; rows first, as its writes may show in them.
    await outbox.reload()
    if (this.#tab.epoch !== epoch || this.#office || this.#isLeaving || this.#isClosed || clientId === null) return
    const office = new Office({
      core: this.#core,
      store: opened,
      clientId,
      epoch,
      wishes: () => this.#wishes(),
      post: (message) => this.#tab.post(message),
      onApplied: (batch) => this.#applied(batch),
      onEpochLost: () => this.#tab.lostEpoch(),
      makeRoom: () => this.#makeRoom(),
    })
    this.#office = office
    office.begin(behind, this.#group.wishes().shapes)
    events.emit({ kind: 'leader', isLeader: true })
  }

  #stopLeading(): void {
    if (!this.#office) return
    this.#office.close()
    this.#office = null
    this.#core.events.emit({ kind: 'leader', isLeader: false })
  }

  #wishes(): { shapes: ShapeName[]; scopes: string[] } {
    const others = this.#group.wishes()
    return { shapes: others.shapes, scopes: [...this.#openScopes.all, ...others.scopes] }
  }

  #applied(batch: AppliedBatch): void {
    const { holder, step, isNews } = batch
    for (const { key, issues } of step.leftOut) {
      this.#core.events.emit({ kind: 'row-left-out', entity: holder.entity.name, key, issues })
    }
    if (isNews) this.#core.tellChanges(holder, step.changes)
  }

  /** Shows a page of older rows that the history door gave, and has it kept by the tab that leads. */
  async #keepPage(holder: ShapeHolder, page: LoadedPage): Promise<void> {
    const { pageEvent } = await this.#part(() => import('./history-pages'))
    const event = pageEvent(holder, page)
    if (this.#office) return this.#office.leader.apply(holder, event)
    holder.showPage(event.rows)
    this.#core.shapes.render(holder)
    this.#tab.post({ kind: 'history', shape: holder.id, ...page, rows: [...page.rows] })
  }

  #scopesChanged(): void {
    this.#office?.reconcile()
    this.#group.tellWishes()
  }

  #pageDid(event: PageEvent): void {
    switch (event) {
      case 'visible':
      case 'online':
        return this.wake()
      case 'hidden':
      case 'blur':
      case 'closing':
        return this.flush()
      case 'offline':
        // A hint and no proof: the next request finds out.
        return
    }
  }

  #follow(name: ShapeName, listener: () => void): () => void {
    const { shapes } = this.#core
    const leave = shapes.read(name)
    const stop = shapes.hold(name).changed.listen(listener)
    return () => {
      stop()
      leave()
    }
  }
}
