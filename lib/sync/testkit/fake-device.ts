import 'client-only'
import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
// Parts are here before time begins: a clock that tests move waits for no file.
import '../cache/memory'
import { Engine } from '../engine/engine'
import '../engine/follower'
import '../engine/history-pages'
import '../engine/housekeeping'
import '../engine/office'
import '../outbox/delivery'
import type { PageEvent, Platform } from '../platform'
import { FakeChannels, FakeLocks } from './fake-tabs'

/** What happens to a request on its way. */
export type Fate =
  | 'pass'
  /** Never reaches the server. */
  | 'lost'
  /** The server answers, nobody hears it. */
  | 'answer-lost'
  /** The server gets it twice. */
  | 'twice'
  /** A captive portal answers instead. */
  | 'portal'
  | 'server-error'

export interface DeviceOptions {
  hasStorage?: boolean
  /** Where the doors are. */
  origin?: string
}

/** One browser profile of one user: tabs share what it stores. */
export class FakeDevice {
  /** Decides each request's fate. */
  fate: (url: string) => Fate = () => 'pass'
  isOnline = true
  /** The disk is full: nothing more can be stored. */
  isFull = false
  /** Databases do not open any more. */
  isBroken = false
  /** Nothing can be read from the databases that are open. */
  isUnreadable = false
  readonly origin: string
  readonly indexedDB: IDBFactory | null
  readonly tabs: FakeTab[] = []
  readonly #locks = new FakeLocks()
  readonly #channels = new FakeChannels()
  readonly #connections = new Set<AbortController>()

  constructor(
    readonly userId: string,
    readonly clock: Pick<Platform, 'now' | 'after'>,
    readonly serverFetch: typeof fetch,
    options: DeviceOptions = {},
  ) {
    this.origin = options.origin ?? 'https://backline.test'
    this.indexedDB = options.hasStorage === false ? null : new IDBFactory()
  }

  open(): FakeTab {
    const id = `tab-${this.tabs.length}`
    const tab = new FakeTab(this, id, this.#locks, this.#channels)
    this.tabs.push(tab)
    return tab
  }

  /** Cuts the connection, requests in flight included. */
  disconnect(): void {
    this.isOnline = false
    for (const connection of this.#connections) connection.abort(new TypeError('network error'))
    this.#connections.clear()
  }

  connect(): void {
    this.isOnline = true
    for (const tab of this.tabs) tab.page('online')
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    const fate = this.isOnline ? this.fate(url) : 'lost'
    if (fate === 'lost') throw new TypeError('network error')
    if (fate === 'portal')
      return new Response('<html>Sign in to the hotel</html>', { headers: { 'content-type': 'text/html' } })
    if (fate === 'server-error') return new Response('oops', { status: 502 })
    const cut = new AbortController()
    this.#connections.add(cut)
    const signal = init?.signal ? AbortSignal.any([init.signal, cut.signal]) : cut.signal
    const answer = await this.serverFetch(input, { ...init, signal })
    if (fate === 'twice') return this.serverFetch(input, { ...init, signal })
    if (fate === 'answer-lost') throw new TypeError('network error')
    if (cut.signal.aborted) throw new TypeError('network error')
    return answer
  }
}

/** One tab: an engine on a platform that can be hidden, frozen and killed. */
export class FakeTab {
  readonly sync: Engine
  isVisible = true
  isFrozen = false
  #isDead = false
  readonly #listeners = new Set<(event: PageEvent) => void>()
  readonly #databases: IDBDatabase[] = []
  #thaw: (() => void)[] = []

  constructor(
    readonly device: FakeDevice,
    readonly id: string,
    private readonly locks: FakeLocks,
    channels: FakeChannels,
  ) {
    const { clock } = device
    const isAlive = () => !this.#isDead && !this.isFrozen
    const platform: Platform = {
      now: () => clock.now(),
      after: (delayMs, run) => clock.after(delayMs, () => this.#whenAwake(run)),
      random: () => 0.5,
      fetch: (input, init) =>
        this.#isDead ? new Promise<never>(() => undefined) : this.#fetched(device.fetch(input, init)),
      origin: device.origin,
      locks: locks.of(id),
      channel: (name) => channels.open(name, isAlive),
      indexedDB: device.indexedDB && this.#watched(device.indexedDB),
      storage: null,
      isVisible: () => this.isVisible,
      onPage: (listener) => {
        this.#listeners.add(listener)
        return () => void this.#listeners.delete(listener)
      },
    }
    this.sync = new Engine(platform, { user_id: device.userId, name: 'Sarah', avatar_url: null })
  }

  page(event: PageEvent): void {
    if (!this.#isDead && !this.isFrozen) for (const listener of this.#listeners) listener(event)
  }

  /** The process is gone, at whatever it was doing. */
  kill(): void {
    this.#isDead = true
    for (const database of this.#databases) database.close()
    this.locks.crash(this.id)
  }

  freeze(): void {
    this.isFrozen = true
  }

  thaw(): void {
    this.isFrozen = false
    for (const run of this.#thaw.splice(0)) run()
  }

  #whenAwake(run: () => void): void {
    if (this.#isDead) return
    if (this.isFrozen) this.#thaw.push(run)
    else run()
  }

  /** A frozen or dead tab hears of no answer. */
  async #fetched(answer: Promise<Response>): Promise<Response> {
    const response = await answer.catch((error: unknown) => error)
    await new Promise<void>((resolve) => this.#whenAwake(resolve))
    if (response instanceof Response) return response
    throw response
  }

  /** The factory, remembering what this tab opened: a killed tab's databases close under it. */
  #watched(factory: IDBFactory): IDBFactory {
    return new Proxy(factory, {
      get: (target, property) => {
        if (property !== 'open') return Reflect.get(target, property) as unknown
        return (name: string, version?: number) => {
          if (this.device.isBroken) throw new DOMException('the database does not open', 'InvalidStateError')
          const request = target.open(name, version)
          request.addEventListener('success', () => this.#opened(request.result))
          return request
        }
      },
    })
  }

  #opened(database: IDBDatabase): void {
    this.#databases.push(database)
    const transaction = database.transaction.bind(database)
    database.transaction = (names, mode, options) => {
      if (mode !== 'readwrite' && this.device.isUnreadable) throw new DOMException('closing', 'InvalidStateError')
      const made = transaction(names, mode, options)
      if (mode === 'readwrite' && this.device.isFull) refusePuts(made)
      return made
    }
  }
}

/** As Chrome does on a full disk: reading and deleting go on, a transaction that put something fails at its end. */
function refusePuts(transaction: IDBTransaction): void {
  const objectStore = transaction.objectStore.bind(transaction)
  let open = 0
  let hasPut = false
  const watched = (request: EventTarget) => {
    open++
    request.addEventListener('success', () => {
      if (--open > 0 || !hasPut) return
      const error = new DOMException('the disk is full', 'QuotaExceededError')
      Object.defineProperty(transaction, 'error', { configurable: true, value: error })
      transaction.abort()
    })
  }
  transaction.objectStore = (name) => {
    const store = objectStore(name)
    const [put, remove] = [store.put.bind(store), store.delete.bind(store)]
    store.put = (value, key) => {
      hasPut = true
      const request = put(value, key)
      watched(request)
      return request
    }
    store.delete = (query) => {
      const request = remove(query)
      watched(request)
      return request
    }
    return store
  }
}
