import 'client-only'
import type { ConnectionKind } from '../types'

/** What was observed of the connection. SPEC.md, "Connection". Times are milliseconds since 1970. */
export interface ConnectionState {
  kind: ConnectionKind
  since: number
  lastSyncedAt: number | null
  /** Writes pass while the sync service does not answer. */
  areReadsDelayed: boolean
}

/** Before anything was observed. */
export function newConnection(now: number): ConnectionState {
  return {
    kind: 'connecting',
    since: now,
    lastSyncedAt: null,
    areReadsDelayed: false,
  }
}
