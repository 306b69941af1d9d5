import 'client-only'
import { WRITES_MAX } from '@/lib/protocol/writes'
import { unreachable } from '@/lib/protocol/unreachable'
import { isUnsent, type OutboxEntry, type Phase, type Reason } from './entry'

/** Who sends now. Only the leader's sender ever leaves `idle`. */
export type Sender =
  | { kind: 'idle' }
  | { kind: 'sending'; ids: readonly string[]; attempt: number }
  | { kind: 'waiting'; retryAt: number; attempt: number; reason: Reason }
  | { kind: 'signed-out'; reason: Reason }

/** As much of it as followers are told and people see. */
export type SenderView =
  { kind: 'idle' | 'sending' | 'signed-out' } | { kind: 'waiting'; retryAt: number; reason: { message: string } }

export interface OutboxState {
  /** In the order the writes were made. */
  entries: readonly OutboxEntry[]
  sender: Sender
  /** At most this many writes go in one request; halved when a request was unacceptable as a whole. */
  batchMax: number
}

export const EMPTY_OUTBOX: OutboxState = { entries: [], sender: { kind: 'idle' }, batchMax: WRITES_MAX }

/** What happens in every tab. What the door answered is `answered.ts`, what a person decided `decisions.ts`. */
export type OutboxEvent =
  /** Entries as the local store or another tab has them now. */
  | { kind: 'seen'; puts: readonly OutboxEntry[]; removed: readonly string[] }
  /** `seq` null: this device has no room for it. */
  | { kind: 'stored'; id: string; seq: number | null }
  /** The store marked these as sent; their request goes out now. */
  | { kind: 'sending'; entries: readonly OutboxEntry[] }
  /** The shapes show these writes now (or nothing is left to show). */
  | { kind: 'echoed'; ids: readonly string[] }
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
    case 'echoed':
      return withoutEchoed(state, new Set(event.ids))
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

/** Writes not answered yet, oldest first. */
export function unsentEntries(state: OutboxState): OutboxEntry[] {
  return state.entries.filter(isUnsent)
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

/** The phase of a write that is stored and was never sent. */
export function queued(): Phase {
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
