import 'client-only'
import { newKey } from '@/lib/entity/keys'
import { Emitter } from '../emitter'
import type { Channel, Platform } from '../platform'
import { nextLeader, PING_MS, type LeaderEvent, type LeaderState } from './leader-state'
import { readTabMessage, type TabMessage, type Unsigned } from './messages'

export interface TabOptions {
  platform: Platform
  /** Names the group of tabs: one browser and user. */
  name: string
  /** Begins the next leader's time in the store. */
  takeEpoch: () => Promise<number>
  onLead: (epoch: number) => void
  onStopLeading: () => void
}

/** This tab among the tabs of its user: leads while it holds the lock, follows while another does. */
export class Tab {
  readonly id = newKey()
  state: LeaderState
  readonly messages = new Emitter<TabMessage>()
  #channel: Channel | null = null
  readonly #closed = new AbortController()
  #release: () => void = () => undefined
  #queued: AbortController | null = null
  #cancelTick = () => {}

  constructor(private readonly options: TabOptions) {
    this.state = { kind: 'following', heardAt: options.platform.now() }
  }

  /** Hears the other tabs from now on. Never called where a tab keeps its own things in memory: it leads for itself. */
  join(): void {
    const { platform, name } = this.options
    if (this.#closed.signal.aborted || !platform.channel || !platform.locks) return
    this.#channel = platform.channel(name)
    this.#channel.listen((message) => this.#hear(message))
  }

  /** Takes part from now on. */
  start(): void {
    if (!this.#channel) return this.#handle({ kind: 'lock-granted' })
    void this.#queue()
    this.#tick()
  }

  get epoch(): number | null {
    return this.state.kind === 'leading' ? this.state.epoch : null
  }

  /** Tells the other tabs. */
  post(message: Unsigned): void {
    this.#channel?.post({ ...message, from: this.id })
  }

  /** What the leader wrote came too late: another leads by now. */
  lostEpoch(): void {
    this.#handle({ kind: 'lock-lost', now: this.options.platform.now() })
    this.#release()
  }

  close(): void {
    this.post({ kind: 'gone' })
    this.#handle({ kind: 'closed' })
    this.#closed.abort()
    this.#queued?.abort()
    this.#cancelTick()
    this.#release()
    this.#channel?.close()
    // Whoever stops reading a moment later has nobody to tell.
    this.#channel = null
    this.messages.clear()
  }

  #tick(): void {
    const { platform } = this.options
    this.#handle({ kind: 'tick', now: platform.now(), isVisible: platform.isVisible() })
    if (!this.#closed.signal.aborted) this.#cancelTick = platform.after(PING_MS, () => this.#tick())
  }

  #hear(raw: unknown): void {
    const message = readTabMessage(raw)
    if (!message || this.#closed.signal.aborted) return
    const { platform } = this.options
    if (message.kind === 'ping' && this.state.kind === 'leading') {
      this.post({ kind: 'pong', isVisible: platform.isVisible() })
    }
    if (message.kind === 'pong' || message.kind === 'leading') {
      const isLeaderVisible = message.kind === 'leading' || message.isVisible
      this.#handle({ kind: 'heard-leader', now: platform.now(), isLeaderVisible })
    }
    if (message.kind === 'yield') {
      this.#handle({ kind: 'asked-to-yield', now: platform.now(), isVisible: platform.isVisible() })
    }
    this.messages.emit(message)
  }

  #handle(event: LeaderEvent): void {
    const { state, action } = nextLeader(this.state, event, this.options.platform.isVisible())
    this.state = state
    switch (action) {
      case 'none':
        return
      case 'ping':
        return this.post({ kind: 'ping' })
      case 'ask-to-yield':
        return this.post({ kind: 'yield' })
      case 'steal':
        return void this.#steal()
      case 'write-epoch':
        return void this.#takeOffice()
      case 'lead':
        this.post({ kind: 'leading' })
        if (this.state.kind === 'leading') this.options.onLead(this.state.epoch)
        return
      case 'stop-leading':
        return this.options.onStopLeading()
      case 'release':
        this.options.onStopLeading()
        this.#release()
    }
  }

  /** Waits for the lock in the browser's queue: a leader that closes or crashes hands over at once. */
  async #queue(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      const queued = new AbortController()
      this.#queued = queued
      await this.#request({ signal: queued.signal })
      // Given up in favour of stealing, which queues again when it is over.
      if (queued.signal.aborted) return
    }
  }

  async #steal(): Promise<void> {
    // A request that waits in the queue would be granted behind the stolen lock.
    this.#queued?.abort()
    await this.#request({ steal: true })
    void this.#queue()
  }

  /** Asks for the lock and holds it for as long as this tab leads. */
  async #request(how: { steal?: boolean; signal?: AbortSignal }): Promise<void> {
    const { platform, name } = this.options
    let wasHeld = false
    const hold = () => {
      wasHeld = true
      return this.#hold()
    }
    try {
      await platform.locks?.request(name, how, hold)
    } catch {
      // A browser that refuses locks: lead without one, for as long as the tab lives.
      if (!wasHeld && !how.signal?.aborted && !this.#closed.signal.aborted) await hold()
    }
    // Stolen, released, or never got.
    if (wasHeld) this.#handle({ kind: 'lock-lost', now: platform.now() })
  }

  #hold(): Promise<void> {
    const held = new Promise<void>((resolve) => (this.#release = resolve))
    if (this.#closed.signal.aborted) this.#release()
    this.#handle({ kind: 'lock-granted' })
    return held
  }

  async #takeOffice(): Promise<void> {
    try {
      const epoch = await this.options.takeEpoch()
      this.#handle({ kind: 'epoch-written', epoch })
    } catch (error) {
      console.warn('This tab could not begin to lead.', error)
      this.lostEpoch()
    }
  }
}
