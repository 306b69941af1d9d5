import 'client-only'
import type { ConnectionState } from '../connection/connection'
import { stuckReason } from '../connection/stuck'
import { writtenColumns, type OutboxEntry } from '../outbox/entry'
import type { SenderView } from '../outbox/outbox-state'
import type { ConnectionView, OutboxItem } from '../types'

/** What components see of the outbox and the connection. */

export function itemOf(entry: OutboxEntry, durability: ConnectionView['durability'] = 'kept'): OutboxItem {
  const { write, label, at, phase } = entry
  return {
    id: write.id,
    entity: write.entity,
    key: write.key,
    op: write.op,
    label,
    at,
    state: stateOf(phase),
    isStored: !entry.isUnstored && durability !== 'nowhere',
    attempts: 'attempts' in phase ? phase.attempts : 0,
    reason: 'reason' in phase ? phase.reason : 'failure' in phase ? phase.failure : null,
    values: writtenColumns(write),
  }
}

function stateOf({ kind }: OutboxEntry['phase']): OutboxItem['state'] {
  switch (kind) {
    case 'storing':
    case 'queued':
      return 'waiting'
    case 'sent':
      return 'sending'
    case 'saved':
    case 'refused':
    case 'held':
      return kind
  }
}

export interface ConnectionInputs {
  connection: ConnectionState
  /** Writes not answered yet, oldest first. */
  unsent: readonly OutboxEntry[]
  sender: SenderView
  now: number
  durability: ConnectionView['durability']
  storage: ConnectionView['storage']
}

export function connectionView(inputs: ConnectionInputs): ConnectionView {
  const { connection, unsent, sender, now, durability, storage } = inputs
  return {
    ...connection,
    unsentCount: unsent.length,
    oldestUnsentAt: unsent.at(0)?.at ?? null,
    nextRetryAt: sender.kind === 'waiting' ? sender.retryAt : null,
    stuck: stuckReason(unsent, sender, connection.kind, now),
    durability: unsent.some(({ isUnstored }) => isUnstored) ? 'full' : durability,
    storage,
  }
}
