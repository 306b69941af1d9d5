import 'client-only'
import { unreachable } from '@/lib/protocol/unreachable'
import type { ConnectionKind } from '../types'
import type { ConnectionState } from './connection'

export type ConnectionEvent =
  /** A stream delivered, or its heartbeat came. */
  | { kind: 'stream-alive'; now: number }
  /** A long poll or an interval poll answered. */
  | { kind: 'poll-answered'; now: number }
  /** The read door answered a request that does not wait. */
  | { kind: 'reached'; now: number }
  /** A shape heard that it has everything. */
  | { kind: 'synced'; now: number }
  | { kind: 'read-failed'; now: number; isServerReached: boolean }
  | { kind: 'write-answered'; now: number }
  | { kind: 'write-failed'; now: number; isServerReached: boolean }
  | { kind: 'signed-out'; now: number }
  /** The session is back. */
  | { kind: 'signed-in'; now: number }

/** The connection after an observation. Pure; the browser's own online and offline events are no observations. */
export function nextConnection(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (state.kind === 'signed-out' && event.kind !== 'signed-in') return state
  switch (event.kind) {
    case 'stream-alive':
      return turned({ ...state, areReadsDelayed: false }, 'live', event.now)
    case 'poll-answered':
      return turned({ ...state, areReadsDelayed: false }, 'polling', event.now)
    case 'reached':
      return state.kind === 'offline' ? turned(state, 'connecting', event.now) : state
    case 'synced':
      return { ...state, lastSyncedAt: event.now }
    case 'read-failed':
      return readFailed(state, event)
    case 'write-answered':
      return writeAnswered(state, event.now)
    case 'write-failed':
      return writeFailed(state, event)
    case 'signed-out':
      return turned(state, 'signed-out', event.now)
    case 'signed-in':
      return turned(state, 'connecting', event.now)
    default:
      return unreachable(event)
  }
}

function readFailed(
  state: ConnectionState,
  { now, isServerReached }: { now: number; isServerReached: boolean },
): ConnectionState {
  // The server answered, only not with rows: we are connected, others' changes are late.
  if (isServerReached) return turned({ ...state, areReadsDelayed: true }, 'polling', now)
  return turned(state, 'offline', now)
}

function writeAnswered(state: ConnectionState, now: number): ConnectionState {
  if (state.kind !== 'offline') return state
  return turned({ ...state, areReadsDelayed: true }, 'polling', now)
}

function writeFailed(
  state: ConnectionState,
  { now, isServerReached }: { now: number; isServerReached: boolean },
): ConnectionState {
  // One lost request is no lost connection while the stream is alive; its heartbeats are the judge.
  if (isServerReached || state.kind === 'live') return state
  return turned(state, 'offline', now)
}

function turned(state: ConnectionState, kind: ConnectionKind, now: number): ConnectionState {
  return state.kind === kind ? state : { ...state, kind, since: now }
}
