import { entityNamed } from '@/entities'
import { unreachable } from '@/lib/protocol/unreachable'
import type { OutboxItem, RowStatus } from '@/lib/sync/types'
import { fieldWords } from './question-words'

export interface OutboxWords {
  /** "Change title of the song “Wonderwall”" */
  what: string
  why: string
  status: RowStatus
}

/** One write of the outbox in plain words: what it does, and why it is still here. */
export function outboxWords(item: OutboxItem, isOnline: boolean): OutboxWords {
  return { what: whatWords(item), ...whyWords(item, isOnline) }
}

function whatWords({ entity, op, label, values }: OutboxItem): string {
  const thing = `the ${entityNamed(entity)?.noun ?? 'row'} “${label}”`
  switch (op) {
    case 'insert':
      return `Add ${thing}`
    case 'delete':
      return `Delete ${thing}`
    case 'restore':
      return `Bring back ${thing}`
    case 'update':
      return `Change ${listed(Object.keys(values).map(fieldWords))} of ${thing}`
    default:
      return unreachable(op)
  }
}

function whyWords({ state, reason, isStored }: OutboxItem, isOnline: boolean): { why: string; status: RowStatus } {
  switch (state) {
    case 'waiting':
      if (reason) return { why: `The last attempt failed: ${reason.message}`, status: isOnline ? 'error' : 'pending' }
      return isOnline
        ? { why: 'On its way.', status: 'syncing' }
        : { why: `Waits for a connection. ${isStored ? STORED : NOT_STORED}`, status: 'pending' }
    case 'sending':
      return { why: 'Being sent.', status: 'syncing' }
    case 'saved':
      return { why: 'Saved. Waiting to hear it back.', status: 'synced' }
    case 'held':
      return { why: 'Waits for another change that was refused.', status: 'pending' }
    case 'refused':
      return { why: reason?.message ?? 'The server refused it.', status: 'error' }
    default:
      return unreachable(state)
  }
}

const STORED = 'It is stored on this device.'
const NOT_STORED = 'It is not stored on this device: keep this window open until it is sent.'

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'nothing'
  if (names.length === 1) return names[0] ?? ''
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
