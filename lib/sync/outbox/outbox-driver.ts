import 'client-only'
import { isQuotaError, type LocalStore } from '../cache/local-store'
import { Emitter } from '../emitter'
import type { Platform } from '../platform'
import { WriteRefused, type Durability, type MadeWrite, type Settled } from '../types'
import type { OutboxEntry } from './entry'
import { EMPTY_OUTBOX, nextOutbox, type OutboxEvent, type OutboxState } from './outbox-state'
import type { Placement } from './place'

/** What changed between two states of the outbox. */
export interface OutboxDiff {
  puts: OutboxEntry[]
  removed: OutboxEntry[]
}

interface Waiter {
  resolve(settled: Settled): void
  reject(refused: WriteRefused): void
}

export interface OutboxOptions {
  platform: Platform
  store: Promise<LocalStore>
  /** The other tabs are told. */
  share: (diff: OutboxDiff) => void
  /** The browser has no room: make some. */
  makeRoom: () => Promise<void>
}

/** Keeps the outbox of this tab, its copy on disk and those who wait for its outcomes in step. */
export class OutboxDriver {
  state: OutboxState = EMPTY_OUTBOX
  readonly changed = new Emitter<OutboxDiff>()
  readonly settled = new Emitter<{ entry: OutboxEntry; kind: 'confirmed' | 'refused' }>()
  /** What became of the writes that were to be stored. */
  durability: Durability = 'kept'
  readonly #waiters = new Map<string, Waiter>()
  #chain: Promise<unknown> = Promise.resolve()
  /** What was told since this tab began, or began to read the outbox; null while nothing is being read. */
  #heard: OutboxEvent[] | null = []

  constructor(private readonly options: OutboxOptions) {}

  /** Puts a new write on screen at once and stores it. */
  add(placement: Placement, made: OutboxEntry): MadeWrite {
    const { entry } = placement
    const settled = new Promise<Settled>((resolve, reject) => this.#wait(entry.origin, { resolve, reject }))
    // Who does not look at the outcome finds it in the outbox.
    settled.catch(() => undefined)
    this.#set(nextOutbox(this.state, { kind: 'seen', puts: [entry], removed: [] }))
    const stored = this.inOrder(() =>
      placement.kind === 'append' ? this.#append(entry.origin) : this.#merge(entry.origin, made),
    )
    stored.catch(() => undefined)
    return { id: entry.write.id, key: entry.write.key, stored, settled }
  }

  /**
   * Takes a step that began in this tab: what it changes is stored and told to the others. A leader names its
   * `epoch`, so that what it learned too late changes nothing.
   */
  apply(step: (state: OutboxState) => OutboxState, epoch: number | null = null): OutboxDiff {
    return this.#set(step(this.state), (diff) => this.#keep(diff, epoch))
  }

  /** Applies what is stored already: another tab's doing, or a step of the sender. */
  adopt(event: OutboxEvent): OutboxDiff {
    this.#heard?.push(event)
    return this.#set(nextOutbox(this.state, event))
  }

  /**
   * Adds what is stored; what this tab is still storing, or hears meanwhile, goes on top. What is not stored any more stays until whoever leads
   * says so: the row that shows what it did may not be here yet.
   */
  recall(stored: () => Promise<OutboxEntry[]>): Promise<void> {
    return this.#read(stored, () => [])
  }

  /** Makes this the outbox as it is stored; what this tab is still storing, or hears meanwhile, goes on top. */
  reload(): Promise<void> {
    const stored = async () => (await this.options.store).readOutbox()
    return this.#read(stored, (entries) => {
      const origins = new Set(entries.map(({ origin }) => origin))
      return this.state.entries.filter(
        ({ origin, phase, isUnstored }) => !origins.has(origin) && phase.kind !== 'storing' && !isUnstored,
      )
    })
  }

  /** Runs after everything this tab stored before. */
  inOrder<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#chain.then(run, run)
    this.#chain = done.catch(() => undefined)
    return done
  }

  #read(stored: () => Promise<OutboxEntry[]>, gone: (entries: OutboxEntry[]) => OutboxEntry[]): Promise<void> {
    return this.inOrder(async () => {
      this.#heard ??= []
      const puts = await stored()
      const heard = this.#heard
      this.#heard = null
      const read: OutboxEvent = { kind: 'seen', puts, removed: gone(puts).map(({ origin }) => origin) }
      // What was read may be older than what was told; only the end of both is shown.
      this.#set([read, ...heard].reduce(nextOutbox, this.state))
    })
  }

  #keep({ puts: changed, removed }: OutboxDiff, epoch: number | null): void {
    const puts = changed.filter(({ phase }) => phase.kind !== 'storing')
    if (puts.length === 0 && removed.length === 0) return
    this.options.share({ puts, removed })
    const seqs = removed.map(({ seq }) => seq)
    this.inOrder(async () => (await this.options.store).saveOutbox(puts, seqs, epoch)).catch((error: unknown) =>
      console.warn('The outbox could not be saved.', error),
    )
  }

  async #append(origin: string): Promise<void> {
    const store = await this.options.store
    const entry = this.#entry(origin)
    if (!entry || entry.phase.kind !== 'storing') return
    const seq = await this.#stored(() => store.append(entry))
    this.adopt({ kind: 'stored', id: entry.write.id, seq })
    const stored = this.#entry(origin)
    if (stored) this.options.share({ puts: [stored], removed: [] })
    if (seq !== null && this.durability === 'full') await this.#storeRest(store)
  }

  /** There is room again: what had none is stored too, in its place. */
  async #storeRest(store: LocalStore): Promise<void> {
    const puts = this.state.entries.flatMap(({ isUnstored, ...entry }) => (isUnstored ? [entry] : []))
    try {
      await store.saveOutbox(puts, [], null)
    } catch {
      return
    }
    this.durability = 'kept'
    this.adopt({ kind: 'seen', puts, removed: [] })
    this.options.share({ puts, removed: [] })
    this.changed.emit({ puts: [], removed: [] })
  }

  async #merge(origin: string, made: OutboxEntry): Promise<void> {
    const store = await this.options.store
    const entry = this.#entry(origin)
    if (entry && (entry.isUnstored || (await this.#stored(() => store.replaceUnsent(entry))))) {
      this.options.share({ puts: [entry], removed: [] })
      return
    }
    // The write it joined was sent meanwhile: it goes as one of its own.
    const own = { ...made, seq: nextSeq(this.state) }
    this.adopt({ kind: 'seen', puts: [own], removed: [] })
    await this.#append(own.origin)
  }

  /** Stores, making room once when there is none; null when it stays in memory. */
  async #stored<T>(run: () => Promise<T>): Promise<T | null> {
    try {
      return await run()
    } catch (error) {
      if (isQuotaError(error)) {
        await this.options.makeRoom()
        const again = await run().catch(() => null)
        if (again !== null) return again
      }
      this.durability = isQuotaError(error) ? 'full' : 'nowhere'
      console.warn('A change could not be stored on this device.', error)
      return null
    }
  }

  #entry(origin: string): OutboxEntry | undefined {
    return this.state.entries.find((entry) => entry.origin === origin)
  }

  #wait(origin: string, waiter: Waiter): void {
    const earlier = this.#waiters.get(origin)
    this.#waiters.set(origin, {
      resolve: (settled) => (earlier?.resolve(settled), waiter.resolve(settled)),
      reject: (refused) => (earlier?.reject(refused), waiter.reject(refused)),
    })
  }

  /** `keep` runs before anybody hears: what follows from the change is stored behind it. */
  #set(state: OutboxState, keep?: (diff: OutboxDiff) => void): OutboxDiff {
    const before = this.state
    this.state = state
    const diff = diffOf(before, state)
    keep?.(diff)
    for (const entry of diff.puts) this.#settle(entry)
    for (const entry of diff.removed) this.#giveUp(entry)
    if (diff.puts.length > 0 || diff.removed.length > 0 || before.sender !== state.sender) this.changed.emit(diff)
    return diff
  }

  #settle(entry: OutboxEntry): void {
    const { phase, write, origin } = entry
    if (phase.kind === 'saved') {
      const { version, standing } = phase
      const settled: Settled =
        standing.length > 0 && version !== null
          ? { status: 'conflict', key: write.key, version, fields: standing }
          : { status: 'applied', key: write.key, version }
      this.#take(origin)?.resolve(settled)
      this.settled.emit({ entry, kind: 'confirmed' })
    }
    if (phase.kind === 'refused') {
      const { code, message, issues } = phase.reason
      this.#take(origin)?.reject(new WriteRefused(code, message, issues, write.id))
      this.settled.emit({ entry, kind: 'refused' })
    }
  }

  #giveUp({ origin, write, phase }: OutboxEntry): void {
    if (phase.kind === 'saved') return
    this.#take(origin)?.reject(new WriteRefused('discarded', 'This change was given up.', [], write.id))
  }

  #take(origin: string): Waiter | undefined {
    const waiter = this.#waiters.get(origin)
    this.#waiters.delete(origin)
    return waiter
  }
}

/** A place behind all writes this tab knows. */
export function nextSeq({ entries }: OutboxState): number {
  return (entries.at(-1)?.seq ?? 0) + 1
}

function diffOf(before: OutboxState, after: OutboxState): OutboxDiff {
  if (before.entries === after.entries) return { puts: [], removed: [] }
  const known = new Map(before.entries.map((entry) => [entry.origin, entry]))
  const puts = after.entries.filter((entry) => known.get(entry.origin) !== entry)
  for (const { origin } of after.entries) known.delete(origin)
  return { puts, removed: [...known.values()] }
}
