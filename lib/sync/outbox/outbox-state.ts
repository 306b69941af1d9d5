import 'client-only'
import type { WriteResult } from '@/lib/protocol/writes'
import { WRITES_BYTES_MAX, WRITES_MAX } from '@/lib/protocol/writes'
import { unreachable } from '@/lib/protocol/unreachable'
import type { Answer } from './answer'
import { backoffMs } from './backoff'
import { isUnsent, type OutboxEntry, type Phase, type Reason } from './entry'
import { heldOn, withoutRefused } from './rebase'

/** Who sends now. Only the leader's sender ever leaves `idle`. */
export type Sender =
  | { kind: 'idle' }
  | { kind: 'sending'; ids: readonly string[]; attempt: number }
  | { kind: 'waiting'; retryAt: number; attempt: number; reason: Reason }
  | { kind: 'signed-out'; reason: Reason }

export interface OutboxState {
  /** In the order the writes were made. */
  entries: readonly OutboxEntry[]
  sender: Sender
  /** At most this many writes go in one request; halved when a request was unacceptable as a whole. */
  batchMax: number
}

export const EMPTY_OUTBOX: OutboxState = { entries: [], sender: { kind: 'idle' }, batchMax: WRITES_MAX }

export type OutboxEvent =
  /** Entries as the local store or another tab has them now. */
  | { kind: 'seen'; puts: readonly OutboxEntry[]; removed: readonly string[] }
  /** `seq` null: this device has no room for it. */
  | { kind: 'stored'; id: string; seq: number | null }
  /** The store marked these as sent; their request goes out now. */
  | { kind: 'sending'; entries: readonly OutboxEntry[] }
  | { kind: 'answered'; answer: Answer; now: number; random: number; newId: () => string }
  /** The shapes show these writes now (or nothing is left to show). */
  | { kind: 'echoed'; ids: readonly string[] }
  | { kind: 'retry'; id: string }
  | { kind: 'edited'; id: string; write: OutboxEntry['write'] }
  | { kind: 'discarded'; id: string; newId: () => string }
  /** Nothing is held back any longer. */
  | { kind: 'flushed'; now: number }
  /** A reason to try now: the network or the person is back. */
  | { kind: 'woken' }
  /** This tab no longer leads: whatever was on its way is the next leader's. */
  | { kind: 'stood-down' }

/** The outbox after an event. Pure: no clock, fetch or storage. */
export function nextOutbox(state: OutboxState, event: OutboxEvent): OutboxState {
  switch (event.kind) {
    case 'seen':
      return { ...state, entries: inOrder(replaced(state.entries, event.puts, event.removed)) }
    case 'stored':
      return withEntry(state, event.id, (entry) => placed(entry, event.seq))
    case 'sending':
      return {
        ...state,
        entries: inOrder(replaced(state.entries, event.entries, [])),
        sender: {
          kind: 'sending',
          ids: event.entries.map(({ write }) => write.id),
          attempt: state.sender.kind === 'sending' ? state.sender.attempt : attemptOf(state.sender) + 1,
        },
      }
    case 'answered':
      return answered(state, event)
    case 'echoed':
      return withoutEchoed(state, new Set(event.ids))
    case 'retry':
      return requeued(state, event.id, (entry) => entry)
    case 'edited':
      return requeued(state, event.id, (entry) => ({ ...entry, write: event.write }))
    case 'discarded':
      return discarded(state, event.id, event.newId)
    case 'flushed':
      return { ...state, entries: state.entries.map((entry) => (entry.holdUntil > event.now ? release(entry) : entry)) }
    case 'woken':
      return state.sender.kind === 'waiting' || state.sender.kind === 'signed-out'
        ? { ...state, sender: { kind: 'idle' } }
        : state
    case 'stood-down':
      return { ...state, sender: { kind: 'idle' } }
    default:
      return unreachable(event)
  }
}

/** What the sender is to do at `now`: send these, look again at a time (milliseconds since 1970), or nothing. */
export type Due =
  { kind: 'send'; entries: readonly OutboxEntry[] } | { kind: 'later'; at: number } | { kind: 'nothing' }

/**
 * The next batch: stored writes in order, up to the last one that is not held back (a write held for coalescing stops
 * being held when something was written after it). One request at a time, so that order survives any failure.
 */
export function dueWrites(state: OutboxState, now: number): Due {
  if (state.sender.kind === 'sending' || state.sender.kind === 'signed-out') return { kind: 'nothing' }
  if (state.sender.kind === 'waiting' && state.sender.retryAt > now) return { kind: 'later', at: state.sender.retryAt }
  const open = state.entries.filter(isUnsent)
  const unstored = open.findIndex(({ phase }) => phase.kind === 'storing')
  const stored = unstored === -1 ? open : open.slice(0, unstored)
  const last = stored.at(-1)
  if (!last) return { kind: 'nothing' }
  const isHeld = unstored === -1 && last.holdUntil > now && last.phase.kind === 'queued'
  const ready = isHeld ? stored.slice(0, -1) : stored
  if (ready.length === 0) return { kind: 'later', at: last.holdUntil }
  return { kind: 'send', entries: fitting(ready, state.batchMax) }
}

/** Writes not answered yet, oldest first. */
export function unsentEntries(state: OutboxState): OutboxEntry[] {
  return state.entries.filter(isUnsent)
}

function fitting(entries: readonly OutboxEntry[], batchMax: number): OutboxEntry[] {
  const batch: OutboxEntry[] = []
  // Room for the envelope; a text column counts up to three bytes per UTF-16 unit.
  let bytesLeft = WRITES_BYTES_MAX - 2_048
  for (const entry of entries) {
    bytesLeft -= JSON.stringify(entry.write).length * 3
    // One request speaks one schema version.
    const isOtherSchema = batch.length > 0 && entry.schema !== batch[0]?.schema
    if (batch.length > 0 && (bytesLeft < 0 || batch.length >= batchMax || isOtherSchema)) break
    batch.push(entry)
  }
  return batch
}

function answered(state: OutboxState, event: Extract<OutboxEvent, { kind: 'answered' }>): OutboxState {
  const { sender } = state
  if (sender.kind !== 'sending') return state
  const { answer } = event
  switch (answer.kind) {
    case 'results':
      return {
        entries: settled(state.entries, answer.results, event.newId),
        sender: { kind: 'idle' },
        batchMax: WRITES_MAX,
      }
    case 'unacceptable':
      return unacceptable(state, sender.ids, answer.reason, event.newId)
    case 'signed-out':
      return { ...state, entries: failedOnes(state.entries, sender.ids, answer.reason), sender: answer }
    case 'failed': {
      const { reason, retryAfterMs } = answer
      const retryAt = event.now + backoffMs(sender.attempt, event.random, retryAfterMs)
      return {
        ...state,
        entries: failedOnes(state.entries, sender.ids, reason),
        sender: { kind: 'waiting', retryAt, attempt: sender.attempt, reason },
      }
    }
    default:
      return unreachable(answer)
  }
}

function settled(
  entries: readonly OutboxEntry[],
  results: readonly WriteResult[],
  newId: () => string,
): readonly OutboxEntry[] {
  const resultsById = new Map(results.map((result) => [result.id, result]))
  let after: readonly OutboxEntry[] = entries.map((entry) => {
    const result = resultsById.get(entry.write.id)
    return result ? { ...entry, phase: phaseAfter(entry.phase, result) } : entry
  })
  // First every verdict, then what follows from the refusals, so that a dependent that passed is left alone.
  for (const { id, status } of results) {
    if (status !== 'rejected') continue
    const root = after.find(({ write }) => write.id === id)
    if (root?.phase.kind === 'refused') after = withoutRefused(after, root, newId)
  }
  return after.map((entry) => {
    const result = resultsById.get(entry.write.id)
    if (entry.phase.kind !== 'sent' || result?.status !== 'rejected') return entry
    return { ...entry, phase: { kind: 'refused', reason: reasonOf(result) } }
  })
}

function phaseAfter(phase: Phase, result: WriteResult): Phase {
  switch (result.status) {
    case 'applied':
      return { kind: 'saved', txid: result.txid, version: result.version, standing: [] }
    case 'conflict':
      return {
        kind: 'saved',
        txid: result.txid,
        version: result.version,
        standing: result.fields.map(({ field }) => field),
      }
    case 'rejected':
      // Blocked ones stay for now: the refusal before them says what becomes of them.
      return result.code === 'blocked' ? phase : { kind: 'refused', reason: reasonOf(result) }
    default:
      return unreachable(result)
  }
}

function reasonOf({ code, message, issues }: Extract<WriteResult, { status: 'rejected' }>): Reason {
  return { code, message, issues }
}

function unacceptable(state: OutboxState, ids: readonly string[], reason: Reason, newId: () => string): OutboxState {
  const idle = { kind: 'idle' } as const
  if (ids.length > 1) return { ...state, sender: idle, batchMax: Math.ceil(ids.length / 2) }
  const [id] = ids
  const refused = state.entries.map((entry): OutboxEntry =>
    entry.write.id === id ? { ...entry, phase: { kind: 'refused', reason } } : entry,
  )
  const root = refused.find(({ write }) => write.id === id)
  return { entries: root ? withoutRefused(refused, root, newId) : refused, sender: idle, batchMax: WRITES_MAX }
}

function failedOnes(entries: readonly OutboxEntry[], ids: readonly string[], failure: Reason): OutboxEntry[] {
  return entries.map((entry) =>
    ids.includes(entry.write.id) && entry.phase.kind === 'sent'
      ? { ...entry, phase: { kind: 'sent', attempts: entry.phase.attempts + 1, failure } }
      : entry,
  )
}

function requeued(state: OutboxState, id: string, change: (entry: OutboxEntry) => OutboxEntry): OutboxState {
  const root = state.entries.find(({ write }) => write.id === id)
  if (root?.phase.kind !== 'refused' && root?.phase.kind !== 'held') return state
  // Whatever waited with it goes again too, behind it.
  const origins = new Set([root.origin, ...heldOn(state.entries, root.origin)])
  return {
    ...state,
    entries: state.entries.map((entry) => {
      if (!origins.has(entry.origin)) return entry
      return { ...(entry === root ? change(entry) : entry), phase: queued() }
    }),
  }
}

function discarded(state: OutboxState, id: string, newId: () => string): OutboxState {
  const root = state.entries.find(({ write }) => write.id === id)
  // What was sent may already be applied: giving it up here would only hide it.
  if (!root || root.phase.kind === 'sent' || root.phase.kind === 'saved') return state
  const freed = withoutRefused(state.entries, root, newId)
  const gone = new Set([root.origin, ...heldOn(freed, root.origin)])
  return { ...state, entries: freed.filter(({ origin }) => !gone.has(origin)) }
}

function withoutEchoed(state: OutboxState, ids: ReadonlySet<string>): OutboxState {
  return { ...state, entries: state.entries.filter(({ write, phase }) => phase.kind !== 'saved' || !ids.has(write.id)) }
}

function attemptOf(sender: Sender): number {
  return sender.kind === 'waiting' ? sender.attempt : 0
}

/** The entry in its place on disk; without one, in a place that nothing on disk can have. */
function placed({ isUnstored: _, ...entry }: OutboxEntry, seq: number | null): OutboxEntry {
  const phase = entry.phase.kind === 'storing' ? queued() : entry.phase
  return seq === null
    ? { ...entry, seq: Math.floor(entry.seq) + 0.5, isUnstored: true, phase }
    : { ...entry, seq, phase }
}

function queued(): Phase {
  return { kind: 'queued', attempts: 0, failure: null }
}

function release(entry: OutboxEntry): OutboxEntry {
  return { ...entry, holdUntil: 0 }
}

function withEntry(state: OutboxState, id: string, change: (entry: OutboxEntry) => OutboxEntry): OutboxState {
  return { ...state, entries: inOrder(state.entries.map((entry) => (entry.write.id === id ? change(entry) : entry))) }
}

/** Entries with some put in place of those of the same intent, and some gone. */
function replaced(
  entries: readonly OutboxEntry[],
  puts: readonly OutboxEntry[],
  removed: readonly string[],
): OutboxEntry[] {
  const byOrigin = new Map(entries.map((entry) => [entry.origin, entry]))
  for (const id of removed) byOrigin.delete(id)
  for (const put of puts) byOrigin.set(put.origin, put)
  return [...byOrigin.values()]
}

function inOrder(entries: readonly OutboxEntry[]): readonly OutboxEntry[] {
  return entries.toSorted((a, b) => a.seq - b.seq)
}
