import { expect, test } from 'vitest'
import { insertEntry, NOW, uuidOf } from '../testkit/builders'
import { newConnection, type ConnectionState } from './connection'
import { nextConnection, type ConnectionEvent } from './connection-state'
import { stuckReason, STUCK_AFTER_MS } from './stuck'

const after = (...events: ConnectionEvent[]): ConnectionState => events.reduce(nextConnection, newConnection(0))

test('C1 signed out stays signed out until the session is back, whatever else is seen', () => {
  const out = after({ kind: 'stream-alive', now: 1 }, { kind: 'signed-out', now: 2 })
  expect(out).toMatchObject({ kind: 'signed-out', since: 2 })
  expect(nextConnection(out, { kind: 'stream-alive', now: 3 })).toBe(out)
  expect(nextConnection(out, { kind: 'signed-in', now: 4 })).toMatchObject({ kind: 'connecting', since: 4 })
})

test('C2 one lost write is no lost connection while the stream is alive', () => {
  const live = after({ kind: 'stream-alive', now: 1 })
  expect(nextConnection(live, { kind: 'write-failed', now: 2, isServerReached: false }).kind).toBe('live')
  const connecting = after()
  expect(nextConnection(connecting, { kind: 'write-failed', now: 2, isServerReached: false }).kind).toBe('offline')
})

test('C3 a server that answers, only without rows, is a delay of reads and not a lost connection', () => {
  expect(after({ kind: 'stream-alive', now: 1 }, { kind: 'read-failed', now: 2, isServerReached: true })).toMatchObject(
    {
      kind: 'polling',
      areReadsDelayed: true,
    },
  )
  const offline = after({ kind: 'stream-alive', now: 1 }, { kind: 'read-failed', now: 2, isServerReached: false })
  expect(offline.kind).toBe('offline')
  expect(nextConnection(offline, { kind: 'write-answered', now: 3 })).toMatchObject({
    kind: 'polling',
    areReadsDelayed: true,
  })
  expect(nextConnection(offline, { kind: 'stream-alive', now: 3 })).toMatchObject({
    kind: 'live',
    areReadsDelayed: false,
  })
})

test('C5 since tells when the state began, not when it was seen last', () => {
  expect(after({ kind: 'stream-alive', now: 1 }, { kind: 'stream-alive', now: 9 })).toMatchObject({
    kind: 'live',
    since: 1,
  })
})

test('C6 a write that is stuck for half a minute says why', () => {
  const unsent = [insertEntry(1, uuidOf(1))]
  const idle = { kind: 'idle' } as const
  expect(stuckReason(unsent, idle, 'offline', NOW + STUCK_AFTER_MS - 1)).toBeNull()
  expect(stuckReason(unsent, idle, 'offline', NOW + STUCK_AFTER_MS)).toEqual({ kind: 'offline' })
  expect(stuckReason(unsent, idle, 'signed-out', NOW + STUCK_AFTER_MS)).toEqual({ kind: 'signed-out' })
  const waiting = { kind: 'waiting', retryAt: 0, reason: { message: 'The server has a problem.' } } as const
  expect(stuckReason(unsent, waiting, 'live', NOW + STUCK_AFTER_MS)).toEqual({
    kind: 'failing',
    message: 'The server has a problem.',
  })
  expect(stuckReason([], idle, 'offline', NOW + STUCK_AFTER_MS)).toBeNull()
})
