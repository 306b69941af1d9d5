import 'client-only'
import { SCHEMA_VERSION } from '@/entities'
import { isJsonObject } from '@/lib/protocol/json'
import { BACKLINE_HEADERS } from '@/lib/protocol/names'
import type { LocalStore } from '../cache/local-store'
import { nextConnection, type ConnectionEvent } from '../connection/connection-state'
import { createLiveClient, type LiveClient, type Observation } from '../live-client/live-client'
import type { Answer } from '../outbox/answer'
import { nextOutbox, unsentEntries } from '../outbox/outbox-state'
import { part } from '../part'
import { shapeIdOf, shapeOfId, type ShapeId } from '../shapes/shape-name'
import type { ShapeHolder } from '../store/shape-holder'
import type { ShapeName } from '../types'
import type { Unsigned } from '../tabs/messages'
import { Announcer } from './announcer'
import type { Core } from './core'
import { echoedWrites } from './echoed-writes'
import { Leader, type AppliedBatch } from './leader'
import { mayStream, planShapes } from './plan'
import { settingsIn } from './settings'

/** Bands that are not open catch up so often. */
const VISIT_MS = 5 * 60_000
/** How often a signed-out client looks whether the session is back. */
const PROBE_MS = 30_000

export interface OfficeOptions {
  core: Core
  store: LocalStore
  clientId: string
  epoch: number
  /** Shapes and containers that other tabs look at. */
  wishes: () => { shapes: ShapeName[]; scopes: string[] }
  /** Tells the other tabs. */
  post: (message: Unsigned) => void
  onApplied: (batch: AppliedBatch) => void
  onEpochLost: () => void
  makeRoom: () => Promise<void>
}

/** What the leading tab does for all: streams, sends, keeps the cache, watches session and memberships. */
export class Office {
  readonly leader: Leader
  readonly #live: LiveClient
  readonly #announcer: Announcer
  readonly #stops: (() => void)[] = []
  #cancelVisit = () => {}
  #cancelProbe = () => {}
  #visiting = new Map<ShapeId, ShapeName>()
  #isClosed = false
  #isDropping = false
  #isDelivering = false
  #hasAskedSettings = false

  constructor(private readonly options: OfficeOptions) {
    const { core, store, epoch } = options
    const { platform, actor } = core
    this.#announcer = new Announcer({ core, post: options.post, stored: () => this.leader.stored() })
    this.#live = createLiveClient({ platform, userId: actor.user_id, onObserved: (seen) => this.#observe(seen) })
    core.uncached.leading = this.#live
    this.leader = new Leader({
      core,
      store,
      epoch,
      fetch: this.#live.fetch,
      plan: () => this.#plan(),
      takeEchoes: () => this.#takeEchoes(),
      onApplied: (batch) => this.#applied(batch),
      onSignedOut: () => this.#signedOut(),
      onEpochLost: options.onEpochLost,
      makeRoom: options.makeRoom,
    })
    this.#stops.push(
      core.outbox.changed.listen(() => this.#deliver()),
      core.membershipsChanged.listen(() => this.#membershipsChanged()),
      core.connectionChanged.listen(() => this.#announcer.connection()),
      core.outbox.settled.listen(() => this.#dropEchoesSoon()),
    )
    // What the last leader's sender waited for is over; whether its session is, is found out.
    core.adoptConnection(core.connection)
    if (core.connection.kind === 'signed-out') void this.#probe()
    if (unsentEntries(core.outbox.state).length > 0) this.#deliver()
    this.#visit()
  }

  /** Goes on from what the last leader left: what the cache lacks, what was refused, what other tabs look at. */
  begin(behind: Behind, wished: readonly ShapeName[]): void {
    for (const [holder, cachedKeys] of behind) this.leader.catchUpCache(holder, cachedKeys)
    for (const holder of this.options.core.shapes) if (holder.state.kind === 'refused') this.leader.reopen(holder)
    this.wished(wished)
  }

  /** Opens and closes streams after what is wanted changed. */
  reconcile(): void {
    if (!this.#isClosed && this.options.core.connection.kind !== 'signed-out') this.leader.reconcile()
  }

  /** Other tabs look at these shapes: they are followed, and where they stand is told, with the rows that the cache lacks. */
  wished(shapes: readonly ShapeName[], lacking: ReadonlySet<ShapeId> = new Set()): void {
    this.reconcile()
    void this.#announcer.standing(shapes.map(shapeIdOf), lacking)
  }

  /** A reason to try now whatever waits. */
  wake(): void {
    const { core } = this.options
    if (core.connection.kind === 'signed-out') return void this.#probe()
    core.outbox.adopt({ kind: 'woken' })
    this.#live.wake()
    this.leader.retry()
  }

  close(): void {
    this.#isClosed = true
    this.options.core.uncached.leading = null
    this.#cancelVisit()
    this.#cancelProbe()
    for (const stop of this.#stops) stop()
    this.leader.stop()
    this.#live.close()
  }

  /** Begins to send: fetched with the first write, or once the server has answered, or failed to. Nothing that paints waits for it. */
  #deliver(): void {
    if (this.#isDelivering) return
    this.#isDelivering = true
    const { core, store, clientId, epoch, onEpochLost } = this.options
    const { platform, actor, outbox } = core
    void part(platform, core.closed, () => import('../outbox/delivery')).then(({ startSender }) => {
      if (this.#isClosed) return
      const onAnswer = (answer: Answer) => this.#answered(answer)
      const userId = actor.user_id
      this.#stops.push(startSender({ platform, outbox, store, userId, clientId, epoch, onAnswer, onEpochLost }))
    })
  }

  #plan() {
    const { core, wishes } = this.options
    const { shapes, scopes } = wishes()
    return planShapes({
      userId: core.actor.user_id,
      wanted: [...core.shapes.wanted(), ...shapes, ...this.#visiting.values()].filter(
        ({ scope }) => !this.#isUnborn(scope),
      ),
      openScopes: scopes,
      memberships: core.memberships,
    })
  }

  /** A container whose insert has not been answered: the server would refuse its shapes. */
  #isUnborn(scope: string | null): boolean {
    const { entries } = this.options.core.outbox.state
    return entries.some(({ write, phase }) => write.op === 'insert' && write.key === scope && phase.kind !== 'saved')
  }

  #observe(seen: Observation): void {
    const { core } = this.options
    const now = core.platform.now()
    this.#deliver()
    switch (seen.kind) {
      case 'heartbeat':
        return this.#alive(now)
      case 'answered':
        void this.#adoptSettings()
        if (seen.how === 'stream') return this.#alive(now)
        return this.#connect({ kind: seen.how === 'poll' ? 'poll-answered' : 'reached', now })
      case 'failed':
        return this.#connect({ kind: 'read-failed', now, isServerReached: seen.isServerReached })
      case 'signed-out':
        return this.#signedOut()
      case 'mode':
        return
    }
  }

  /** The stream lives: what waits to be sent need not wait out its backoff. */
  #alive(now: number): void {
    const { core } = this.options
    const wasAway = core.connection.kind !== 'live'
    this.#connect({ kind: 'stream-alive', now })
    this.#connect({ kind: 'synced', now })
    if (wasAway) core.outbox.adopt({ kind: 'woken' })
  }

  #connect(event: ConnectionEvent): void {
    const { core } = this.options
    core.adoptConnection(nextConnection(core.connection, event))
  }

  #answered(answer: Answer): void {
    const { core } = this.options
    const now = core.platform.now()
    switch (answer.kind) {
      case 'results':
      case 'unacceptable':
        return this.#connect({ kind: 'write-answered', now })
      case 'failed':
        return this.#connect({ kind: 'write-failed', now, isServerReached: answer.isServerReached })
      case 'signed-out':
        return this.#signedOut()
    }
  }

  #applied(batch: AppliedBatch): void {
    const { core } = this.options
    if (batch.step.state.kind === 'ready') this.#connect({ kind: 'synced', now: core.platform.now() })
    core.shapes.render(batch.holder)
    this.#visiting.delete(batch.holder.id)
    this.#announcer.applied(batch)
    this.options.onApplied(batch)
  }

  #takeEchoes() {
    const { outbox, shapes } = this.options.core
    const echoed = echoedWrites(outbox.state.entries, shapes)
    if (echoed.length > 0) outbox.adopt({ kind: 'echoed', ids: echoed.map(({ write }) => write.id) })
    return echoed
  }

  #dropEchoesSoon(): void {
    if (this.#isDropping) return
    this.#isDropping = true
    queueMicrotask(() => {
      this.#isDropping = false
      this.#dropEchoes()
    })
  }

  /** An answer came after its echo: nothing more will arrive that lets go of the write. */
  #dropEchoes(): void {
    const { outbox, shapes } = this.options.core
    const echoed = echoedWrites(outbox.state.entries, shapes)
    if (echoed.length === 0 || this.#isClosed) return
    const ids = echoed.map(({ write }) => write.id)
    outbox.apply((state) => nextOutbox(state, { kind: 'echoed', ids }), this.options.epoch)
  }

  #membershipsChanged(): void {
    const { core } = this.options
    const { memberships, actor, shapes } = core
    for (const holder of shapes) {
      const isMine = mayStream(holder.name, actor.user_id, memberships)
      if (holder.state.kind === 'refused' && isMine) this.leader.reopen(holder)
      if (memberships.isFresh && !isMine && !this.#isUnborn(holder.scope)) this.#lost(holder)
    }
    if (memberships.isFresh) void this.#dropLostCaches().catch(() => undefined)
    this.reconcile()
  }

  #lost(holder: ShapeHolder): void {
    if (holder.state.kind === 'refused' && holder.state.rows.size === 0) return
    const message = 'You are not a member of it any more.'
    this.leader.apply(holder, { kind: 'refused', failure: { code: 'forbidden', message }, isGone: true })
  }

  /** A fresh read of my memberships shows these gone: nothing of them stays on this device. Tried again at the next one. */
  async #dropLostCaches(): Promise<void> {
    const { core, store } = this.options
    await this.leader.stored()
    const lost = (await store.listShapes()).flatMap(({ id }) => {
      const name = shapeOfId(id)
      return name && mayStream(name, core.actor.user_id, core.memberships) ? [] : [id]
    })
    if (core.memberships.isFresh && !this.#isClosed) await store.dropShapes(lost)
  }

  #signedOut(): void {
    const { core } = this.options
    this.#connect({ kind: 'signed-out', now: core.platform.now() })
    this.leader.pause()
    this.#cancelProbe()
    this.#cancelProbe = core.platform.after(PROBE_MS, () => void this.#probe())
  }

  /** Asks whether the session is back, and goes on where everything stopped when it is. */
  async #probe(): Promise<void> {
    const { core } = this.options
    const { ok, me } = await this.#askMe()
    if (this.#isClosed || core.connection.kind !== 'signed-out') return
    if (!ok || !isMine(me, core.actor.user_id)) return this.#signedOut()
    this.#connect({ kind: 'signed-in', now: core.platform.now() })
    core.outbox.adopt({ kind: 'woken' })
    this.leader.reconcile()
  }

  /** How this installation wants changes to be followed: asked once, as soon as the server answers anything. */
  async #adoptSettings(): Promise<void> {
    if (this.#hasAskedSettings) return
    this.#hasAskedSettings = true
    const { ok, me } = await this.#askMe()
    const settings = settingsIn(me)
    if (settings) this.#live.configure(settings)
    else if (!ok) this.#hasAskedSettings = false
  }

  async #askMe(): Promise<{ ok: boolean; me: unknown }> {
    const { platform, actor } = this.options.core
    const headers = { [BACKLINE_HEADERS.user]: actor.user_id }
    const response = await platform.fetch(`${platform.origin}/api/me`, { headers }).catch(() => null)
    return { ok: response?.ok ?? false, me: await response?.json().catch(() => null) }
  }

  /** Lets the cached shapes of bands that are not open catch up. */
  #visit(): void {
    const { core, store } = this.options
    this.#cancelVisit = core.platform.after(VISIT_MS, () => {
      const listing = store.listShapes().catch(() => [])
      void listing.then((cached) => {
        if (this.#isClosed) return
        for (const { id } of cached) {
          const name = shapeOfId(id)
          if (name) this.#visiting.set(id, name)
        }
        this.reconcile()
        this.#visit()
      })
    })
  }
}

/** Shapes of which this tab knows more than the cache, with the keys that the cache holds. */
export type Behind = ReadonlyMap<ShapeHolder, readonly string[]>

/** Takes what the cache knows more than this tab; answers where it knows less. Rows that both have are not read again. */
export async function readBehind(store: LocalStore, shapes: Iterable<ShapeHolder>): Promise<Behind> {
  const behind = new Map<ShapeHolder, string[]>()
  const listed = await store.listShapes().catch(() => [])
  const cachedSeqs = new Map(listed.map(({ id, seq, schema }) => [id, schema === SCHEMA_VERSION ? seq : 0]))
  for (const holder of shapes) {
    await holder.reading
    if (holder.seq > 0 && holder.seq === cachedSeqs.get(holder.id)) {
      holder.cachedSeq = holder.seq
      continue
    }
    const cached = await store.readShape(holder.id).catch(() => null)
    if (holder.load(cached) || holder.seq <= (cached?.meta.seq ?? 0)) continue
    behind.set(holder, [...(cached?.rows.keys() ?? [])])
  }
  return behind
}

/** Whether `GET /api/me` answered for this person, and nobody else did. */
function isMine(body: unknown, userId: string): boolean {
  return isJsonObject(body) && isJsonObject(body['user']) && body['user']['id'] === userId
}
