import 'client-only'
import type { AnyEntity } from '@/lib/entity/define'
import type { JsonRow } from '@/lib/protocol/json'
import { isInSnapshot, logTxid, type Snapshot } from '../shapes/snapshot'
import { isVersioned, versionOf } from '../store/rows'
import { writtenColumns, type OutboxEntry } from '../outbox/entry'

/** Which transactions a shape is known to contain. */
export interface SeenTransactions {
  /** Low 32 bits of those that came in its log, the latest few hundred. */
  txids: ReadonlySet<number>
  snapshot: Snapshot | null
}

/** Whether a shape contains the transaction with this 64-bit id, as far as can be told. */
export function containsTxid(seen: SeenTransactions, txid: string): boolean {
  return seen.txids.has(logTxid(txid)) || (seen.snapshot !== null && isInSnapshot(txid, seen.snapshot))
}

/**
 * Whether a shape shows what an answered write did, so that the overlay may let go of it without anything on screen
 * changing: by version where rows count theirs, else by transaction, else by looking.
 */
export function isEchoed(entity: AnyEntity, entry: OutboxEntry, row: JsonRow | null, seen: SeenTransactions): boolean {
  const { phase, write } = entry
  if (phase.kind !== 'saved') return false
  if (phase.txid !== null && containsTxid(seen, phase.txid)) return true
  const version = phase.version ?? 0
  switch (write.op) {
    case 'delete':
      return row === null || (isVersioned(entity) && versionOf(row) > version)
    case 'insert':
    case 'restore':
      // Nothing to change: the row is whatever it is by now.
      if (row === null) return phase.txid === null
      break
    case 'update':
      if (row === null) return true
      break
  }
  if (isVersioned(entity)) return versionOf(row) >= version
  return phase.txid === null || showsValues(entity, row, writtenColumns(write))
}

/** Rows without a version of their own: whether laying the write over the row would change nothing. */
function showsValues(entity: AnyEntity, row: JsonRow, columns: JsonRow): boolean {
  return Object.entries(columns).every(([name, value]) => {
    const stands = row[name] ?? null
    if (entity.fields[name]?.merge !== 'max') return JSON.stringify(stands) === JSON.stringify(value)
    if (typeof stands === 'number' && typeof value === 'number') return stands >= value
    return value === null || (typeof stands === 'string' && typeof value === 'string' && stands >= value)
  })
}
