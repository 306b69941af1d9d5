import { expect, test } from 'vitest'
import { entityNamed } from '@/entities'
import { insertEntry, songRow, uuidOf } from './testkit/builders'
import type { Phase } from './outbox/entry'
import { isUnread, statusOf, type StatusInputs } from './status'

const KEY = uuidOf(1)
const entry = (phase: Phase) => insertEntry(1, KEY, {}, { phase })
const FAILURE = { code: 'network' as const, message: 'lost', issues: [] }
const inputs = (change: Partial<StatusInputs>): StatusInputs => ({
  entries: [],
  hasOpenQuestion: false,
  connection: 'live',
  isUnread: false,
  ...change,
})

test('R1 of all that hold, the status is the one that needs a person most', () => {
  const refused = entry({ kind: 'refused', reason: FAILURE })
  const queued = entry({ kind: 'queued', attempts: 0, failure: null })
  expect(statusOf(inputs({ entries: [refused, queued], hasOpenQuestion: true, isUnread: true }))).toBe('conflict')
  expect(statusOf(inputs({ entries: [refused, queued], isUnread: true }))).toBe('error')
  expect(statusOf(inputs({ entries: [queued], isUnread: true, connection: 'offline' }))).toBe('pending')
  expect(statusOf(inputs({ entries: [queued], isUnread: true }))).toBe('syncing')
  expect(statusOf(inputs({ isUnread: true }))).toBe('unread')
  expect(statusOf(inputs({}))).toBe('synced')
})

test('R2 a failed attempt is an error while the connection stands and pending while it does not; an answer reads as saved', () => {
  const failed = entry({ kind: 'sent', attempts: 1, failure: FAILURE })
  expect(statusOf(inputs({ entries: [failed] }))).toBe('error')
  expect(statusOf(inputs({ entries: [failed], connection: 'offline' }))).toBe('pending')
  const saved = entry({ kind: 'saved', txid: '1', version: 1, standing: [] })
  expect(statusOf(inputs({ entries: [saved] }))).toBe('synced')
  const clashed = entry({ kind: 'saved', txid: '1', version: 1, standing: ['title'] })
  expect(statusOf(inputs({ entries: [clashed] }))).toBe('conflict')
})

test('R3 unread is a version above my mark that another client made after I joined', () => {
  const songs = entityNamed('songs') ?? expect.unreachable()
  const mine = uuidOf(77)
  const row = songRow(KEY, { version: 3, updated_by_client: uuidOf(78), updated_at: '2026-11-20T18:00:00.000Z' })
  const reader = { clientId: mine, readVersion: 2, joinedAt: '2026-01-01T00:00:00.000Z' }
  expect(isUnread(songs, row, reader)).toBe(true)
  expect(isUnread(songs, row, { ...reader, readVersion: 3 })).toBe(false)
  expect(isUnread(songs, { ...row, updated_by_client: mine }, reader)).toBe(false)
  expect(isUnread(songs, row, { ...reader, joinedAt: '2026-11-20T19:00:00.000Z' })).toBe(false)
  expect(isUnread(entityNamed('messages') ?? expect.unreachable(), row, reader)).toBe(false)
})
