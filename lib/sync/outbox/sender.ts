import 'client-only'
import { newKey } from '@/lib/entity/keys'
import type { WritesRequest } from '@/lib/protocol/writes'
import { asSent, EpochLost, type LocalStore } from '../cache/local-store'
import type { Platform } from '../platform'
import { noAnswer, readAnswer, type Answer } from './answer'
import type { OutboxEntry } from './entry'
import type { OutboxDriver } from './outbox-driver'
import { answered } from './answered'
import { dueWrites } from './due'

/** A request that got no answer for so long is lost. */
const ANSWER_MS_MAX = 30_000

export interface SenderOptions {
  platform: Platform
  outbox: OutboxDriver
  store: LocalStore
  userId: string
  clientId: string
  epoch: number
  /** Hears how each request ended, before its writes settle. */
  onAnswer: (answer: Answer) => void
  /** Another tab leads by now. */
  onEpochLost: () => void
}

/** Sends what is due, one request at a time, for as long as this tab leads. Returns the stop. */
export function startSender(options: SenderOptions): () => void {
  const { platform, outbox } = options
  const stopped = new AbortController()
  let cancelTimer = () => {}
  const pump = () => {
    cancelTimer()
    if (stopped.signal.aborted) return
    const due = dueWrites(outbox.state, platform.now())
    if (due.kind === 'later') cancelTimer = platform.after(Math.max(0, due.at - platform.now()), pump)
    if (due.kind === 'send') void send(options, due.entries, stopped.signal)
  }
  const stopListening = outbox.changed.listen(pump)
  pump()
  return () => {
    stopListening()
    cancelTimer()
    stopped.abort()
    outbox.adopt({ kind: 'stood-down' })
  }
}

async function send(options: SenderOptions, due: readonly OutboxEntry[], stopped: AbortSignal): Promise<void> {
  const { outbox, store, epoch, platform } = options
  // In memory first: from now on nothing joins these writes.
  outbox.adopt({ kind: 'sending', entries: due.map(asSent) })
  let entries: OutboxEntry[]
  try {
    const seqs = due.map(({ seq }) => seq)
    const stored = await outbox.inOrder(() => store.markSent(seqs, epoch))
    // What this device had no room for is on no disk, and still goes.
    entries = due.flatMap((entry) => {
      const marked = stored.find(({ origin }) => origin === entry.origin)
      return marked ?? (entry.isUnstored ? [asSent(entry)] : [])
    })
  } catch (error) {
    if (stopped.aborted) return
    if (error instanceof EpochLost) return options.onEpochLost()
    // Storage fails: what is in memory goes, a server that has it is better than a disk that has not.
    entries = due.map(asSent)
  }
  if (stopped.aborted) return
  const known = new Set(entries.map(({ origin }) => origin))
  const gone = due.flatMap(({ origin }) => (known.has(origin) ? [] : [origin]))
  outbox.adopt({ kind: 'seen', puts: entries, removed: gone })
  const sent = entries.filter(({ phase }) => phase.kind === 'sent')
  if (sent.length === 0) return void outbox.adopt({ kind: 'stood-down' })
  outbox.adopt({ kind: 'sending', entries: sent })
  const answer = await post(options, sent, stopped)
  if (stopped.aborted) return
  options.onAnswer(answer)
  const arrival = { now: platform.now(), random: platform.random(), newId: newKey }
  outbox.apply((state) => answered(state, answer, arrival), epoch)
}

async function post(options: SenderOptions, entries: readonly OutboxEntry[], stopped: AbortSignal): Promise<Answer> {
  const { platform, userId, clientId } = options
  const request: WritesRequest = {
    userId,
    clientId,
    schema: entries[0]?.schema ?? 1,
    writes: entries.map(({ write }) => write),
  }
  const lost = new AbortController()
  const cancelTimer = platform.after(ANSWER_MS_MAX, () => lost.abort())
  try {
    const response = await platform.fetch(`${platform.origin}/api/writes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: AbortSignal.any([stopped, lost.signal]),
    })
    const body: unknown = await response.json().catch(() => null)
    const ids = entries.map(({ write }) => write.id)
    return readAnswer(response.status, response.headers.get('retry-after'), body, ids)
  } catch {
    return noAnswer()
  } finally {
    cancelTimer()
  }
}
