import 'client-only'
import { unreachable } from '@/lib/protocol/unreachable'
import { WRITES_MAX, type WriteResult } from '@/lib/protocol/writes'
import type { Answer } from './answer'
import { backoffMs } from './backoff'
import type { OutboxEntry, Phase, Reason } from './entry'
import type { OutboxState } from './outbox-state'
import { withoutRefused } from './rebase'

/** When an answer came, and what deciding on it takes. */
export interface Arrival {
  now: number
  random: number
  newId: () => string
}

/** The outbox after the write door answered what is being sent. Pure. */
export function answered(state: OutboxState, answer: Answer, { now, random, newId }: Arrival): OutboxState {
  const { sender } = state
  if (sender.kind !== 'sending') return state
  switch (answer.kind) {
    case 'results':
      return {
        entries: settled(state.entries, answer.results, newId),
        sender: { kind: 'idle' },
        batchMax: WRITES_MAX,
      }
    case 'unacceptable':
      return unacceptable(state, sender.ids, answer.reason, newId)
    case 'signed-out':
      return { ...state, entries: failedOnes(state.entries, sender.ids, answer.reason), sender: answer }
    case 'failed': {
      const { reason, retryAfterMs } = answer
      const retryAt = now + backoffMs(sender.attempt, random, retryAfterMs)
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

function failedOnes(entries: readonly OutboxEntry[], sent: readonly string[], failure: Reason): OutboxEntry[] {
  const ids = new Set(sent)
  return entries.map((entry) =>
    ids.has(entry.write.id) && entry.phase.kind === 'sent'
      ? { ...entry, phase: { kind: 'sent', attempts: entry.phase.attempts + 1, failure } }
      : entry,
  )
}
