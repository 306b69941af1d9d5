import 'client-only'
import { type Position, rowsOf } from '../store/known-shape'
import type { Failure } from '@/lib/protocol/errors'
import { EpochLost, isQuotaError, type LocalStore } from '../cache/local-store'
import type { OutboxEntry } from '../outbox/entry'
import { followShape } from '../shapes/shape-stream'
import type { ShapeId } from '../shapes/shape-name'
import type { ShapeMessage } from '../shapes/messages'
import type { ShapeHolder } from '../store/shape-holder'
import { nextShape, type RowChange, type ShapeEvent, type ShapeStep } from '../store/shape-state'
import type { ShapeName } from '../types'
import type { Core } from './core'
import type { Plan } from './plan'

/** What a batch did, for the other tabs and for observers. */
export interface AppliedBatch {
  holder: ShapeHolder
  step: ShapeStep
  echoed: readonly OutboxEntry[]
  /** The shape was complete before: what changed is news and no snapshot. */
  isNews: boolean
}

export interface LeaderOptions {
  core: Core
  store: LocalStore
  epoch: number
  fetch: typeof fetch
  plan: () => Plan
  /** Removes from the outbox what the shapes show by now, in memory; answers what was removed. */
  takeEchoes: () => OutboxEntry[]
  onApplied: (batch: AppliedBatch) => void
  onSignedOut: (failure: Failure) => void
  onEpochLost: () => void
  makeRoom: () => Promise<void>
}

interface Stream {
  stop: AbortController
  holder: ShapeHolder
  /** Parts of a transaction that is not complete yet. */
  waiting: ShapeMessage[]
  isFailing: boolean
}

/** Streams the planned shapes and keeps the cache, for as long as this tab leads. */
export class Leader {
  readonly #streams = new Map<ShapeId, Stream>()
  #commits: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(private readonly options: LeaderOptions) {}

  /** Opens and closes streams so that they are those of the plan; the background waits for the first ones. */
  reconcile(): void {
    if (this.#isStopped) return
    const { first, background } = this.options.plan()
    const isFirstDone = [...first.values()].every((name) => isSettled(this.#hold(name)))
    const planned = new Map([...first, ...(isFirstDone ? background : [])])
    for (const [id, stream] of this.#streams) {
      if (planned.has(id) || background.has(id)) continue
      stream.stop.abort()
      this.#streams.delete(id)
    }
    for (const [id, name] of planned) if (!this.#streams.has(id)) this.#open(this.#hold(name))
  }

  /** Tries those streams again now that wait after a failure. */
  retry(): void {
    for (const [id, stream] of this.#streams) {
      if (!stream.isFailing) continue
      stream.stop.abort()
      this.#streams.delete(id)
    }
    this.reconcile()
  }

  /** Access may have changed: asks again for what was refused. */
  reopen(holder: ShapeHolder): void {
    this.#streams.delete(holder.id)
    this.apply(holder, { kind: 'reopened' })
  }

  /** Applies an event to a shape, on screen at once, then in the cache. */
  apply(holder: ShapeHolder, event: ShapeEvent): void {
    const isNews = holder.state.kind === 'ready' || holder.state.kind === 'stale'
    const step = nextShape(holder.entity, holder.state, event)
    if (step.state === holder.state) return
    holder.take(step)
    const echoed = this.options.takeEchoes()
    this.options.onApplied({ holder, step, echoed, isNews: isNews && event.kind === 'batch' })
    this.#commit(holder, step.changes, echoed)
  }

  /** Writes rows of a shape that the cache lacks, when this tab took over knowing more than it. */
  catchUpCache(holder: ShapeHolder, cachedKeys: readonly string[]): void {
    const rows = rowsOf(holder.state)
    const gone = cachedKeys.filter((key) => !rows.has(key)).map((key) => ({ key, before: null, after: null }))
    const there = [...rows].map(([key, after]) => ({ key, before: null, after }))
    this.#commit(holder, [...there, ...gone], [])
  }

  /** Resolves when everything applied so far is stored. */
  stored(): Promise<void> {
    return this.#commits
  }

  /** Ends every stream; `reconcile` opens them again. */
  pause(): void {
    for (const { stop } of this.#streams.values()) stop.abort()
    this.#streams.clear()
  }

  stop(): void {
    this.#isStopped = true
    this.pause()
  }

  #hold(name: ShapeName): ShapeHolder {
    return this.options.core.shapes.hold(name)
  }

  #open(holder: ShapeHolder): void {
    const { state } = holder
    // A cold shape's cache is being read; a refused one is asked for again when access changed.
    if (state.kind === 'cold' || state.kind === 'refused') return
    const stream: Stream = { stop: new AbortController(), holder, waiting: [], isFailing: false }
    this.#streams.set(holder.id, stream)
    const { platform, actor } = this.options.core
    followShape({
      entity: holder.entity,
      scope: holder.scope,
      userId: actor.user_id,
      origin: platform.origin,
      position: state.position,
      fetch: this.#watched(stream),
      signal: stream.stop.signal,
      onMessages: (messages, position) => this.#receive(stream, messages, position),
      onRefused: (failure) => this.apply(holder, { kind: 'refused', failure }),
      onSignedOut: (failure) => this.options.onSignedOut(failure),
    })
  }

  /** The live client's fetch, remembering whether this stream waits after a failure. */
  #watched(stream: Stream): typeof fetch {
    return async (input, init) => {
      try {
        const response = await this.options.fetch(input, init)
        stream.isFailing = response.status >= 500
        return response
      } catch (error) {
        stream.isFailing = true
        throw error
      }
    }
  }

  #receive(stream: Stream, messages: ShapeMessage[], position: Position): void {
    const { holder } = stream
    stream.waiting.push(...messages)
    const isWhole = messages.some(({ kind }) => kind === 'up-to-date' || kind === 'must-refetch')
    const isPiecewise = holder.state.kind === 'loading' || holder.state.kind === 'refetching'
    // A chunk may end inside a transaction: a complete shape waits for the rest of it.
    if (!isWhole && !isPiecewise) return
    const batch = stream.waiting
    stream.waiting = []
    const wasSettled = isSettled(holder)
    this.apply(holder, { kind: 'batch', messages: batch, position })
    if (!wasSettled && isSettled(holder)) this.reconcile()
  }

  #commit(holder: ShapeHolder, changes: readonly RowChange[], echoed: readonly OutboxEntry[]): void {
    const { store, epoch, core } = this.options
    const meta =
      holder.isCached && holder.entity.serverColumns !== 'ephemeral' ? holder.meta(core.platform.now()) : null
    const seqs = echoed.map(({ seq }) => seq)
    if (!meta && seqs.length === 0) return
    const baseSeq = holder.cachedSeq
    if (meta) holder.cachedSeq = meta.seq
    this.#commits = this.#commits.then(async () => {
      if (this.#isStopped) return
      try {
        await (meta ? store.commit({ meta, baseSeq, changes, echoed: seqs }, epoch) : store.saveOutbox([], seqs, epoch))
      } catch (error) {
        await this.#commitFailed(holder, error, seqs)
      }
    })
  }

  async #commitFailed(holder: ShapeHolder, error: unknown, seqs: readonly number[]): Promise<void> {
    if (error instanceof EpochLost) return this.options.onEpochLost()
    // A cache that missed one batch, or lost them all, must not be resumed from: it goes, and the shape lives in memory.
    holder.isCached = false
    console.warn(`${holder.id} is not cached any more.`, error)
    const { store, epoch, makeRoom } = this.options
    await store.dropShapes([holder.id]).catch(() => undefined)
    if (isQuotaError(error)) await makeRoom()
    await store.saveOutbox([], seqs, epoch).catch(() => undefined)
  }
}

/** Whether a shape need not be waited for. */
function isSettled({ state }: ShapeHolder): boolean {
  return state.kind === 'ready' || state.kind === 'refused' || state.kind === 'stale'
}
