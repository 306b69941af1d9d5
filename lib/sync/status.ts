import 'client-only'
import { entityNamed } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import { textIn, type JsonRow } from '@/lib/protocol/json'
import { isUnsent, type OutboxEntry } from './outbox/entry'
import { isVersioned, versionOf } from './store/rows'
import type { ConnectionKind, RowStatus } from './types'

/** All that a row's status follows from. */
export interface StatusInputs {
  /** This device's writes to the row. */
  entries: readonly OutboxEntry[]
  hasOpenQuestion: boolean
  connection: ConnectionKind
  isUnread: boolean
}

/** A row's status: of all that hold, the one that needs a person most. */
export function statusOf({ entries, hasOpenQuestion, connection, isUnread }: StatusInputs): RowStatus {
  if (hasOpenQuestion || entries.some(({ phase }) => phase.kind === 'saved' && phase.standing.length > 0)) {
    return 'conflict'
  }
  const isConnected = connection === 'live' || connection === 'polling' || connection === 'connecting'
  if (entries.some((entry) => isInError(entry, isConnected))) return 'error'
  if (entries.some(isUnsent)) return isConnected ? 'syncing' : 'pending'
  return isUnread ? 'unread' : 'synced'
}

/** Refused, held by a refused one, or an attempt failed although the connection stands. */
function isInError({ phase }: OutboxEntry, isConnected: boolean): boolean {
  switch (phase.kind) {
    case 'refused':
    case 'held':
      return true
    case 'queued':
    case 'sent':
      return isConnected && phase.failure !== null
    case 'storing':
    case 'saved':
      return false
  }
}

/** What unread follows from besides the row. */
export interface ReaderState {
  clientId: string | null
  /** The version in my read mark; 0 without one. */
  readVersion: number
  /** When I joined the row's container (ISO); null when unknown. */
  joinedAt: string | null
}

/** Whether others changed the row since this person last looked: not by this device, and not before they joined. */
export function isUnread(entity: AnyEntity, row: JsonRow, reader: ReaderState): boolean {
  if (!keepsReadMarks(entity) || versionOf(row) <= reader.readVersion) return false
  if (row['updated_by_client'] !== null && row['updated_by_client'] === reader.clientId) return false
  return reader.joinedAt !== null && textIn(row, 'updated_at') > reader.joinedAt
}

/** Rows people look at one by one: growing entities are read up to a point, personal marks not at all. */
export function keepsReadMarks(entity: AnyEntity): boolean {
  return isVersioned(entity) && entity.tracked && !entity.history
}

/** Name under which a read mark's key is derived. */
export function isMarkable(name: string): boolean {
  const entity = entityNamed(name)
  return entity !== null && keepsReadMarks(entity)
}
