import { expect, test } from 'vitest'
import { entityNamed } from '@/entities'
import { insertEntry, NOW, queuedEntry, updateEntry, uuidOf } from '../testkit/builders'
import { holdUntil, placeWrite } from './place'

const songs = entityNamed('songs') ?? expect.unreachable()
const setlists = entityNamed('setlists') ?? expect.unreachable()
const [A, B] = [uuidOf(1), uuidOf(2)]
const first = updateEntry(1, A, { title: 'W' }, { title: '' })
const next = (at: number, patch = { title: 'Wo' }, key = A) =>
  updateEntry(2, key, patch, { title: 'W' }, { at: NOW + at, holdUntil: NOW + at + 500 })

test('O3 nothing joins a write that was sent', () => {
  const sent = { ...first, phase: { kind: 'sent' as const, attempts: 0, failure: null } }
  expect(placeWrite(songs, [sent], next(100)).kind).toBe('append')
  const tried = { ...first, phase: { kind: 'queued' as const, attempts: 1, failure: null } }
  expect(placeWrite(songs, [tried], next(100)).kind).toBe('append')
})

test('O10 keystrokes in one field become one write that keeps the first base and the latest value', () => {
  const placed = placeWrite(songs, [first], next(499))
  expect(placed.kind).toBe('merge')
  expect(placed.entry.write).toMatchObject({ id: first.write.id, patch: { title: 'Wo' }, base: { title: '' } })
  expect(placeWrite(songs, [first], next(500)).kind).toBe('append')
})

test('O10 another field, another row, or a write in between begins a write of its own', () => {
  expect(placeWrite(songs, [first], next(10, { title: 'Wo', artist: 'O' } as { title: string })).kind).toBe('append')
  expect(placeWrite(songs, [first], next(10, { title: 'Wo' }, B)).kind).toBe('append')
  expect(placeWrite(songs, [first, insertEntry(2, B)], { ...next(10), seq: 3 }).kind).toBe('append')
  expect(placeWrite(songs, [insertEntry(1, A)], next(10)).kind).toBe('append')
})

test('O11 typing is held 500 ms, the order of a list 2 s, everything else leaves at once', () => {
  expect(holdUntil(songs, ['title'], false, NOW)).toBe(NOW)
  expect(holdUntil(songs, ['title'], true, NOW)).toBe(NOW + 500)
  expect(holdUntil(setlists, ['items'], false, NOW)).toBe(NOW + 2_000)
})

test('O11 a burst is held one second at most', () => {
  let entries = [updateEntry(1, A, { title: 'W' }, { title: '' }, { holdUntil: NOW + 500 })]
  for (let at = 100; at <= 2_000; at += 100) {
    const placed = placeWrite(songs, entries, next(at))
    if (placed.kind === 'append') break
    entries = [placed.entry]
  }
  expect(entries[0]?.holdUntil).toBe(NOW + 1_000)
})

test('O10 moves in a setlist within two seconds are one write', () => {
  const move = (seq: number, at: number) =>
    queuedEntry(
      seq,
      { op: 'update', entity: 'setlists', key: A, patch: { items: [] }, base: { items: [] } },
      { at: NOW + at, holdUntil: NOW + at + 2_000 },
    )
  expect(placeWrite(setlists, [move(1, 0)], move(2, 1_900)).kind).toBe('merge')
})
