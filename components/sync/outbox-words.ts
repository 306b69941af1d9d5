import { entityNamed } from '@/entities'
import type { Json } from '@/lib/protocol/json'
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

/** A refused write in the words of a notice. */
export function refusalWords(item: OutboxItem): { title: string; description: string } {
  const what = isDecision(item) || item.entity === 'read_marks' ? whatWords(item) : item.label
  return { title: `Not saved: ${what}`, description: whyWords(item).why }
}

/** A write that settles a question between two people. */
function isDecision({ entity, op }: OutboxItem): boolean {
  return entity === 'conflicts' && op === 'update'
}

function whatWords(item: OutboxItem): string {
  const { entity, op, label, values } = item
  if (isDecision(item)) {
    const [about = '', field = ''] = label.split(' ')
    return `Settle the ${fieldWords(field)} of a ${entityNamed(about)?.noun ?? 'row'}`
  }
  if (entity === 'read_marks') return readMarkWords(values['entity'])
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

/** Nobody makes a read mark knowingly: they looked at something. A later mark of the same row does not say at what. */
function readMarkWords(about: Json | undefined): string {
  const noun = typeof about === 'string' ? entityNamed(about)?.noun : undefined
  return noun === undefined ? 'Remember what you looked at' : `Remember that you looked at a ${noun}`
}

function whyWords(item: OutboxItem, isOnline = true): { why: string; status: RowStatus } {
  const { state, reason, isStored } = item
  if (state === 'refused' && reason?.code === 'invalid' && isDecision(item)) return { why: TOO_LATE, status: 'error' }
  switch (state) {
    case 'waiting':
    case 'sending':
      if (!isOnline) return { why: `Waits for a connection. ${isStored ? STORED : NOT_STORED}`, status: 'pending' }
      if (reason) return { why: `The last attempt failed: ${reason.message}`, status: 'error' }
      return { why: state === 'sending' ? 'Being sent.' : 'On its way.', status: 'syncing' }
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

const TOO_LATE = 'Somebody settled this before you; what they chose stands. You can change it like anything else.'
const STORED = 'It is stored on this device.'
const NOT_STORED = 'It is not stored on this device: keep this window open until it is sent.'

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'nothing'
  if (names.length === 1) return names[0] ?? ''
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
