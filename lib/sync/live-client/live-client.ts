import 'client-only'
import { readErrorBody, STATUS_BY_CODE, type ErrorBody } from '@/lib/protocol/errors'
import { LIVE_SHAPES_MAX, type LiveRequest } from '@/lib/protocol/live'
import { BACKLINE_HEADERS, ELECTRIC_PARAMS, SCOPE_PARAM } from '@/lib/protocol/names'
import { unreachable } from '@/lib/protocol/unreachable'
import type { Platform } from '../platform'
import { Feeds, placeAfter, type Place, type Waiter } from './feeds'
import { linesOf, parseLine, type ShapeLine } from './lines'
import {
  newPolicy,
  nextDeadline,
  nextPolicy,
  type Mode,
  type PolicyAction,
  type PolicyEvent,
  type PolicyState,
} from './live-policy'
import { judge, judgeError, responseOf } from './responses'

/** What the live client sees of the server; the connection's state follows from it. */
export type Observation =
  /** The stream lives. */
  | { kind: 'heartbeat' }
  /** The read side answered: on the stream, to a poll, or to a request of its own. */
  | { kind: 'answered'; how: 'stream' | 'poll' | 'request' }
  /** No usable answer. `isServerReached`: our server said so itself, in our envelope. */
  | { kind: 'failed'; isServerReached: boolean }
  | { kind: 'signed-out' }
  /** How changes reach us from now on. */
  | { kind: 'mode'; mode: Mode }

export interface LiveClientOptions {
  platform: Pick<Platform, 'now' | 'after' | 'random' | 'fetch' | 'origin'>
  userId: string
  /** False polls instead of streaming; true unless set. */
  isRealtime?: boolean
  /** Period of interval polling; 4 s unless set. */
  syncIntervalMs?: number
  onObserved(observation: Observation): void
}

export interface LiveClient {
  /** The `fetchClient` of ordinary ShapeStreams whose `url` is `<origin>/api/shapes/<entity>`. */
  fetch: typeof fetch
  /** Tries now whatever waits: the network came back, the page was looked at. */
  wake(): void
  /** Takes over settings that the server told (`GET /api/me`). */
  configure(settings: { isRealtime: boolean; syncIntervalMs: number }): void
  /** Ends every connection and timer; whoever waits is aborted, whoever asks later too. */
  close(): void
}

const SYNC_INTERVAL_MS = 4_000

/** One connection for all live shapes of this browser, behind the `fetchClient` of ordinary ShapeStreams. SPEC.md, "Live client". */
export function createLiveClient(options: LiveClientOptions): LiveClient {
  return new Driver(options)
}

interface OpenConnection {
  abort: AbortController
  /** Where the next line of each shape begins on this connection. */
  places: Map<string, Place>
}

class Driver implements LiveClient {
  readonly #options: LiveClientOptions
  readonly #feeds = new Feeds()
  readonly #connections = new Map<number, OpenConnection>()
  readonly #rejections = new Map<Waiter, (reason: unknown) => void>()
  #policy: PolicyState
  #cancelTimer: (() => void) | null = null
  #isClosed = false

  constructor(options: LiveClientOptions) {
    this.#options = options
    this.#policy = newPolicy(options.isRealtime ?? true, options.syncIntervalMs ?? SYNC_INTERVAL_MS)
  }

  readonly fetch: typeof fetch = async (input, init = {}) => {
    if (this.#isClosed) throw aborted()
    init.signal?.throwIfAborted()
    const url = new URL(input instanceof Request ? input.url : input, this.#options.platform.origin)
    const wish = liveWishOf(url)
    const isRoom = this.#feeds.size < LIVE_SHAPES_MAX
    return wish && isRoom ? this.#wait(wish, init.signal ?? null) : this.#request(url, init)
  }

  wake(): void {
    this.#dispatch({ kind: 'wake' })
  }

  configure({ isRealtime, syncIntervalMs }: { isRealtime: boolean; syncIntervalMs: number }): void {
    this.#dispatch({ kind: 'configured', isRealtime, intervalMs: syncIntervalMs })
  }

  #dispatch(event: PolicyEvent): void {
    if (this.#isClosed) return
    const { now, random } = this.#options.platform
    const { state, actions } = nextPolicy(this.#policy, event, { now: now(), random: random() })
    this.#policy = state
    for (const action of actions) this.#act(action)
    this.#schedule()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelTimer?.()
    for (const { abort } of this.#connections.values()) abort.abort()
    this.#feeds.takeAll()
    for (const reject of this.#rejections.values()) reject(aborted())
  }

  /** A live request: answered by the next line that begins where it stands. */
  #wait(wish: Omit<Waiter, 'answer'>, signal: AbortSignal | null): Promise<Response> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        signal?.removeEventListener('abort', leave)
        this.#rejections.delete(waiter)
      }
      const waiter: Waiter = {
        ...wish,
        answer: (line) => {
          settle()
          resolve(responseOf(line, wish.cursor))
        },
      }
      const fail = (reason: unknown) => {
        settle()
        reject(reason)
      }
      const leave = () => {
        this.#feeds.leave(waiter, this.#options.platform.now())
        fail(signal?.reason ?? aborted())
        this.#schedule()
      }
      signal?.addEventListener('abort', leave, { once: true })
      this.#rejections.set(waiter, fail)
      if (this.#feeds.ask(waiter) === 'set-changed') this.#dispatch({ kind: 'set-changed', isEmpty: false })
      else this.#schedule()
    })
  }

  /** Everything that does not wait goes to the read door as it is. */
  async #request(url: URL, init: RequestInit): Promise<Response> {
    const { platform, userId } = this.#options
    const headers = new Headers(init.headers)
    headers.set(BACKLINE_HEADERS.user, userId)
    let response: Response
    try {
      response = await platform.fetch(url, { ...init, headers, cache: 'no-store', credentials: 'same-origin' })
    } catch (error) {
      if (!init.signal?.aborted) this.#observe({ kind: 'failed', isServerReached: false })
      throw error
    }
    const verdict = await judge(response)
    switch (verdict.kind) {
      case 'shape':
        this.#observe({ kind: 'answered', how: 'request' })
        return response
      case 'error':
        this.#observeError(verdict.error)
        return response
      case 'not-ours':
        this.#observe({ kind: 'failed', isServerReached: false })
        throw new TypeError('The answer did not come from our server')
      default:
        return unreachable(verdict)
    }
  }

  #observe(observation: Observation): void {
    if (!this.#isClosed) this.#options.onObserved(observation)
  }

  #observeError({ code }: ErrorBody['error']): void {
    if (code === 'signed_out' || code === 'other_user') return this.#observe({ kind: 'signed-out' })
    // A verdict on one shape is told to whoever asked for it.
    if (code === 'forbidden') return
    this.#observe({ kind: 'failed', isServerReached: true })
  }

  #schedule(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    const due = [nextDeadline(this.#policy), this.#feeds.nextExpiry()].filter((each) => each !== null)
    if (this.#isClosed || due.length === 0) return
    const { platform } = this.#options
    this.#cancelTimer = platform.after(Math.max(0, Math.min(...due) - platform.now()), () => this.#tick())
  }

  #tick(): void {
    if (this.#feeds.expire(this.#options.platform.now())) this.#setChanged()
    this.#dispatch({ kind: 'tick' })
  }

  #setChanged(): void {
    this.#dispatch({ kind: 'set-changed', isEmpty: this.#feeds.isEmpty })
  }

  #act(action: PolicyAction): void {
    switch (action.kind) {
      case 'open':
        return void this.#open(action.id, action.hold)
      case 'close':
        this.#connections.get(action.id)?.abort.abort()
        this.#connections.delete(action.id)
        return
      case 'tell-failed':
        return this.#observe({ kind: 'failed', isServerReached: action.isServerReached })
      case 'tell-answered':
        return this.#observe({ kind: 'answered', how: 'poll' })
      case 'tell-mode':
        return this.#observe({ kind: 'mode', mode: action.mode })
      default:
        return unreachable(action)
    }
  }

  async #open(id: number, hold: 'stream' | number): Promise<void> {
    const { platform, userId } = this.#options
    const shapes = this.#feeds.shapes()
    const abort = new AbortController()
    const places = new Map(shapes.map(({ id: name, handle = '', offset }) => [name, { handle, offset }]))
    this.#connections.set(id, { abort, places })
    const body: LiveRequest = { userId, hold, shapes }
    try {
      const response = await platform.fetch(new URL('/api/shapes/live', platform.origin), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        cache: 'no-store',
        credentials: 'same-origin',
        signal: abort.signal,
      })
      if (isLines(response) && response.body) await this.#read(id, response.body, hold === 'stream')
      else await this.#refused(id, response)
    } catch {
      // An aborted connection is the policy's own doing and it no longer knows it.
      this.#failed(id, false, 0)
    } finally {
      this.#connections.delete(id)
    }
  }

  /** The whole was refused. A verdict on the session, or on what we sent, is everybody's; the rest is tried again. */
  async #refused(id: number, response: Response): Promise<void> {
    const verdict = await judgeError(response)
    if (verdict.kind !== 'error') return this.#failed(id, false, 0)
    if (!this.#connections.has(id)) return
    const isTransient = response.status >= 500 || response.status === 429
    if (isTransient) return this.#failed(id, true, verdict.retryAfterMs)
    this.#observeError(verdict.error)
    this.#endAll(response.status, verdict.error)
  }

  #failed(id: number, isServerReached: boolean, retryAfterMs: number): void {
    this.#dispatch({ kind: 'failed', id, isServerReached, retryAfterMs })
  }

  async #read(id: number, body: ReadableStream<Uint8Array>, isStream: boolean): Promise<void> {
    for await (const text of linesOf(body)) {
      if (!this.#connections.has(id)) return
      const parsed = parseLine(text)
      if (!parsed) return this.#failed(id, false, 0)
      this.#dispatch({ kind: 'line', id })
      if (parsed.kind === 'shape') this.#take(id, parsed.line, isStream)
      else if (isStream) this.#observe({ kind: 'heartbeat' })
    }
    this.#dispatch({ kind: 'ended', id })
  }

  #take(id: number, line: ShapeLine, isStream: boolean): void {
    const places = this.#connections.get(id)?.places
    const from = places?.get(line.id)
    if (!places || !from) return
    if (line.status === STATUS_BY_CODE.signed_out) return this.#signedOut(line)
    if (isStream) this.#observe({ kind: 'answered', how: 'stream' })
    if (line.status >= 500) this.#observe({ kind: 'failed', isServerReached: true })
    const to = placeAfter(line)
    if (to) places.set(line.id, to)
    const received = this.#feeds.receive(line.id, from, line, this.#options.platform.now())
    if (received === 'gap' || (received === 'delivered' && this.#feeds.isEmpty)) this.#setChanged()
    else this.#schedule()
  }

  #signedOut({ status, body }: ShapeLine): void {
    const error = readErrorBody(JSON.parse(body)) ?? { code: 'signed_out', message: 'You are signed out.' }
    this.#observe({ kind: 'signed-out' })
    this.#endAll(status, error)
  }

  /** Gives everyone who waits the same refusal and waits for nobody any more. */
  #endAll(status: number, error: ErrorBody['error']): void {
    this.#dispatch({ kind: 'signed-out' })
    const body = JSON.stringify({ error })
    for (const waiter of this.#feeds.takeAll()) waiter.answer({ id: '', status, headers: {}, body })
    this.#schedule()
  }
}

/** The live request a URL makes; null for everything that does not wait. */
function liveWishOf(url: URL): Omit<Waiter, 'answer'> | null {
  const { searchParams } = url
  const handle = searchParams.get(ELECTRIC_PARAMS.handle)
  const offset = searchParams.get(ELECTRIC_PARAMS.offset)
  if (searchParams.get(ELECTRIC_PARAMS.live) !== 'true' || handle === null || offset === null) return null
  return { ...shapeOfUrl(url), place: { handle, offset }, cursor: searchParams.get(ELECTRIC_PARAMS.cursor) }
}

function shapeOfUrl(url: URL): { entity: string; scope: string | null } {
  return { entity: url.pathname.split('/').at(-1) ?? '', scope: url.searchParams.get(SCOPE_PARAM) }
}

function isLines(response: Response): boolean {
  return response.status === 200 && (response.headers.get('content-type')?.startsWith('application/x-ndjson') ?? false)
}

function aborted(): DOMException {
  return new DOMException('The live client was closed', 'AbortError')
}
