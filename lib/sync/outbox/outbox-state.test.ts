import { expect, test } from 'vitest'
import { SCHEMA_VERSION } from '@/entities'
import type { WriteResult } from '@/lib/protocol/writes'
import { exchanged, insertEntry, nextId, NOW, outboxWith, updateEntry, uuidOf } from '../testkit/builders'
import { backoffMs } from './backoff'
import { noAnswer, readAnswer, type Answer } from './answer'
import type { OutboxEntry } from './entry'
import { discarded, retried } from './decisions'
import { dueWrites } from './due'
import { nextOutbox, type OutboxState } from './outbox-state'

const [A, B, C] = [uuidOf(1), uuidOf(2), uuidOf(3)]

const applied = (entry: OutboxEntry, version = 1): WriteResult => ({
  id: entry.write.id,
  status: 'applied',
  txid: '9',
  version,
})
const rejected = (entry: OutboxEntry, code: 'invalid' | 'blocked' | 'forbidden' = 'invalid'): WriteResult => ({
  id: entry.write.id,
  status: 'rejected',
  code,
  message: `it is ${code}`,
  issues: [],
})
const results = (...all: WriteResult[]): Answer => ({ kind: 'results', results: all })
const phases = (state: OutboxState) => state.entries.map(({ phase }) => phase.kind)
const dueIds = (state: OutboxState, now = NOW) => {
  const due = dueWrites(state, now)
  return due.kind === 'send' ? due.entries.map(({ seq }) => seq) : due.kind
}

test('O1 a write that is not stored is not sent, nor is one made after it', () => {
  const storing = insertEntry(2, B, {}, { phase: { kind: 'storing' } })
  const state = outboxWith([insertEntry(1, A), storing, insertEntry(3, C)])
  expect(dueIds(state)).toEqual([1])
  const stored = nextOutbox(state, { kind: 'stored', id: storing.write.id, seq: 2 })
  expect(dueIds(stored)).toEqual([1, 2, 3])
})

test('O2 writes go in the order they were made, one request at a time', () => {
  const entries = [insertEntry(1, A), insertEntry(2, B)]
  const seen = nextOutbox(outboxWith([]), {
    kind: 'seen',
    puts: [entries[1], entries[0]].flatMap((e) => e ?? []),
    removed: [],
  })
  expect(dueIds(seen)).toEqual([1, 2])
  const sending = nextOutbox(seen, { kind: 'sending', entries })
  expect(dueWrites(sending, NOW + 60_000)).toEqual({ kind: 'nothing' })
})

test('O4 a write keeps its place, id and content until it is answered, however often it fails', () => {
  const entry = insertEntry(1, A)
  let state = outboxWith([entry, insertEntry(2, B)])
  for (let attempt = 1; attempt <= 3; attempt++) {
    state = exchanged(state, [entry], noAnswer())
    expect(state.entries[0]?.write).toEqual(entry.write)
    expect(state.entries[0]?.phase).toMatchObject({ kind: 'sent', failure: { code: 'network' } })
    expect(dueIds(state, NOW + 60_000)).toEqual([1, 2])
  }
  state = exchanged(state, [entry], results(applied(entry)))
  expect(dueIds(state)).toEqual([2])
})

test('O5 only the door’s own words are a verdict', () => {
  const ids = [uuidOf(1)]
  const ours = { results: [{ id: uuidOf(1), status: 'applied', txid: null, version: 1 }] }
  expect(readAnswer(200, null, ours, ids).kind).toBe('results')
  for (const [status, body] of [
    [200, null],
    [200, '<html>hotel</html>'],
    [200, { results: [] }],
    [200, { results: [{ id: uuidOf(2), status: 'applied', txid: null, version: 1 }] }],
    [403, { message: 'proxy says no' }],
    [400, null],
    [502, null],
  ] as const) {
    expect(readAnswer(status, null, body, ids)).toMatchObject({ kind: 'failed', isServerReached: false })
  }
  const error = (code: string) => ({ error: { code, message: 'words' } })
  expect(readAnswer(401, null, error('signed_out'), ids).kind).toBe('signed-out')
  expect(readAnswer(413, null, error('too_large'), ids).kind).toBe('unacceptable')
  expect(readAnswer(429, '7', error('rate_limited'), ids)).toMatchObject({ kind: 'failed', retryAfterMs: 7_000 })
})

test('O6 a refused write waits with its reason and the rest pass', () => {
  const [one, two] = [insertEntry(1, A), insertEntry(2, B)]
  const state = exchanged(outboxWith([one, two]), [one, two], results(rejected(one), applied(two)))
  expect(state.entries.map(({ phase }) => phase)).toEqual([
    { kind: 'refused', reason: { code: 'invalid', message: 'it is invalid', issues: [] } },
    { kind: 'saved', txid: '9', version: 1, standing: [] },
  ])
})

test('O7 what needs a refused row waits with it, goes again with it and is given up with it', () => {
  const insert = insertEntry(1, A)
  const update = updateEntry(2, A, { title: 'B' }, { title: 'Wonderwall' })
  const unsent = updateEntry(3, A, { artist: 'Oasis' }, { artist: null })
  const refused = exchanged(
    outboxWith([insert, update, unsent]),
    [insert, update],
    results(rejected(insert), rejected(update, 'blocked')),
  )
  expect(phases(refused)).toEqual(['refused', 'held', 'held'])
  expect(dueIds(refused)).toBe('nothing')
  const goingAgain = retried(refused, insert.write.id)
  expect(dueIds(goingAgain)).toEqual([1, 2, 3])
  expect(discarded(refused, insert.write.id, nextId).entries).toEqual([])
})

test('O8 an edit made after a refused one is compared with what really stood before', () => {
  const first = updateEntry(1, A, { title: 'B' }, { title: 'A' })
  const second = updateEntry(2, A, { title: 'C' }, { title: 'B' })
  const third = updateEntry(3, A, { title: 'D' }, { title: 'C' })
  const state = exchanged(
    outboxWith([first, second, third]),
    [first, second],
    results(rejected(first), rejected(second, 'blocked')),
  )
  expect(phases(state)).toEqual(['refused', 'queued', 'queued'])
  const [, rebased, untouched] = state.entries
  expect(rebased?.write).toMatchObject({ patch: { title: 'C' }, base: { title: 'A' } })
  // It was sent: what follows from it is a new write, still known by its first id.
  expect(rebased?.write.id).not.toBe(second.write.id)
  expect(rebased?.origin).toBe(second.origin)
  expect(untouched?.write).toEqual(third.write)
})

test('O9 after a failure the server’s retry-after is honoured, and a wake tries now', () => {
  const entry = insertEntry(1, A)
  const answer: Answer = {
    kind: 'failed',
    reason: { code: 'rate_limited', message: 'slow down', issues: [] },
    retryAfterMs: 7_000,
    isServerReached: true,
  }
  const waiting = exchanged(outboxWith([entry]), [entry], answer)
  expect(dueWrites(waiting, NOW + 6_999)).toEqual({ kind: 'later', at: NOW + 7_000 })
  expect(dueIds(waiting, NOW + 7_000)).toEqual([1])
  expect(dueIds(nextOutbox(waiting, { kind: 'woken' }))).toEqual([1])
})

test('O9 waits double with jitter and stay bounded', () => {
  expect([1, 2, 3].map((attempt) => backoffMs(attempt, 1))).toEqual([500, 1_000, 2_000])
  expect(backoffMs(1, 0)).toBe(250)
  expect(backoffMs(99, 1)).toBe(30_000)
  expect(backoffMs(1, 1, 60_000)).toBe(60_000)
})

test('O11 a held write waits out its time alone, a flush or a later write lets it go', () => {
  const held = updateEntry(1, A, { title: 'B' }, { title: 'A' }, { holdUntil: NOW + 500 })
  expect(dueWrites(outboxWith([held]), NOW)).toEqual({ kind: 'later', at: NOW + 500 })
  expect(dueIds(outboxWith([held]), NOW + 500)).toEqual([1])
  expect(dueIds(outboxWith([held, insertEntry(2, B)]))).toEqual([1, 2])
  expect(dueIds(nextOutbox(outboxWith([held]), { kind: 'flushed', now: NOW }))).toEqual([1])
})

test('O12 what may have reached the server cannot be given up', () => {
  const entry = insertEntry(1, A)
  const failed = exchanged(outboxWith([entry]), [entry], noAnswer())
  expect(discarded(failed, entry.write.id, nextId)).toBe(failed)
  expect(discarded(outboxWith([entry]), entry.write.id, nextId).entries).toEqual([])
})

test('O13 a batch that is unacceptable as a whole is split until one write is left, and that one is refused', () => {
  const entries = [insertEntry(1, A), insertEntry(2, B), insertEntry(3, C)]
  const tooLarge: Answer = { kind: 'unacceptable', reason: { code: 'too_large', message: 'too large', issues: [] } }
  let state = exchanged(outboxWith(entries), entries, tooLarge)
  expect(dueIds(state)).toEqual([1, 2])
  state = exchanged(state, state.entries.slice(0, 2), tooLarge)
  expect(dueIds(state)).toEqual([1])
  state = exchanged(state, state.entries.slice(0, 1), tooLarge)
  expect(phases(state)[0]).toBe('refused')
  expect(dueIds(state)).toEqual([2, 3])
})

test('O14 without a session nothing is sent until it is back, and nothing is lost', () => {
  const entry = insertEntry(1, A)
  const out = exchanged(outboxWith([entry]), [entry], {
    kind: 'signed-out',
    reason: { code: 'signed_out', message: 'no', issues: [] },
  })
  expect(dueWrites(out, NOW + 3_600_000)).toEqual({ kind: 'nothing' })
  expect(dueIds(nextOutbox(out, { kind: 'woken' }))).toEqual([1])
})

test('O15 one request speaks one schema version', () => {
  const old = insertEntry(1, A, {}, { schema: SCHEMA_VERSION - 1 })
  expect(dueIds(outboxWith([old, insertEntry(2, B)]))).toEqual([1])
})
