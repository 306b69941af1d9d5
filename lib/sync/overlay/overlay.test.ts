import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entityNamed } from '@/entities'
import type { JsonRow } from '@/lib/protocol/json'
import { BAND_ID, insertEntry, queuedEntry, songRow, updateEntry, uuidOf } from '../testkit/builders'
import type { OutboxEntry, Phase } from '../outbox/entry'
import { containsTxid, isEchoed, type SeenTransactions } from './confirm'
import { NOTHING_LAID, overlayRows, type OverlayTarget } from './overlay'

const songs = entityNamed('songs') ?? expect.unreachable()
const marks = entityNamed('read_marks') ?? expect.unreachable()
const [A, B, ME] = [uuidOf(1), uuidOf(2), uuidOf(60)]
const author = { actor: { user_id: ME, name: 'Sarah', avatar_url: null }, clientId: uuidOf(61) }
const NOTHING_SEEN: SeenTransactions = { txids: new Set(), snapshot: null }
const saved = (version: number | null, txid: string | null = '4294974303', standing: string[] = []): Phase => ({
  kind: 'saved',
  txid,
  version,
  standing,
})

function shape(rows: JsonRow[], seen = NOTHING_SEEN): OverlayTarget {
  return { entity: songs, scope: BAND_ID, rows: new Map(rows.map((row) => [String(row['id'] as string), row])), seen }
}
const view = (target: OverlayTarget, ...entries: OutboxEntry[]) =>
  overlayRows(target, entries, author, NOTHING_LAID).rows
const titleOf = (target: OverlayTarget, ...entries: OutboxEntry[]) => view(target, ...entries).get(A)?.['title']

test('V1 what is shown is the rows with unconfirmed writes laid over in the order they were made', () => {
  const target = shape([songRow(A), songRow(B)])
  const shown = view(
    target,
    updateEntry(1, A, { title: 'B' }, { title: 'Wonderwall' }),
    updateEntry(2, A, { title: 'C', artist: 'Oasis' }, { title: 'B', artist: null }),
    queuedEntry(3, { op: 'delete', key: B }),
    insertEntry(4, uuidOf(3), { title: 'Creep' }),
  )
  expect([...shown].map(([key, row]) => [key, row['title'], row['artist']])).toEqual([
    [A, 'C', 'Oasis'],
    [uuidOf(3), 'Creep', null],
  ])
  expect(songs.row.safeParse(shown.get(uuidOf(3))).success).toBe(true)
})

test('V1 a refused write and those held with it are not shown', () => {
  const refused: Phase = { kind: 'refused', reason: { code: 'invalid', message: 'no', issues: [] } }
  const update = updateEntry(1, A, { title: 'B' }, { title: 'Wonderwall' })
  expect(titleOf(shape([songRow(A)]), { ...update, phase: refused })).toBe('Wonderwall')
  expect(titleOf(shape([songRow(A)]), { ...update, phase: { kind: 'held', on: A } })).toBe('Wonderwall')
})

test('V2 an answered write stays until the row has reached its version, and not longer', () => {
  const update = updateEntry(1, A, { title: 'B' }, { title: 'Wonderwall' }, { phase: saved(2) })
  expect(titleOf(shape([songRow(A, { version: 1 })]), update)).toBe('B')
  expect(titleOf(shape([songRow(A, { version: 2, title: 'B' })]), update)).toBe('B')
  // Somebody changed it after that: theirs shows.
  expect(titleOf(shape([songRow(A, { version: 3, title: 'Theirs' })]), update)).toBe('Theirs')
})

test('V2 an answered delete stays until the row is gone, an insert until it is there or its transaction was seen', () => {
  const remove = queuedEntry(1, { op: 'delete', key: A }, { phase: saved(2) })
  expect(view(shape([songRow(A)]), remove).size).toBe(0)
  expect(view(shape([songRow(A, { version: 3 })]), remove).size).toBe(1)
  const insert = insertEntry(2, B, {}, { phase: saved(1) })
  expect(view(shape([]), insert).has(B)).toBe(true)
  const seen = { txids: new Set([7_007]), snapshot: null }
  expect(view(shape([], seen), insert).has(B)).toBe(false)
})

test('V3 a row on screen never counts down when its write is answered before its echo', () => {
  const update = updateEntry(1, A, { title: 'B' }, { title: 'Wonderwall' })
  const target = shape([songRow(A, { version: 4 })])
  expect(view(target, update).get(A)?.['version']).toBe(4)
  expect(view(target, { ...update, phase: saved(6) }).get(A)?.['version']).toBe(6)
  expect(view(shape([songRow(A, { version: 6 })]), { ...update, phase: saved(6) }).get(A)?.['version']).toBe(6)
})

test('V4 a field that clashed shows what stands, the others show the writer’s values', () => {
  const update = updateEntry(1, A, { title: 'Mine', artist: 'Oasis' }, { title: 'Before', artist: null })
  const target = shape([songRow(A, { title: 'Theirs' })])
  expect(titleOf(target, update)).toBe('Mine')
  const answered = { ...update, phase: saved(2, '4294974303', ['title']) }
  expect(view(target, answered).get(A)).toMatchObject({ title: 'Theirs', artist: 'Oasis' })
})

test('V5 rows that did not change stay the same objects', () => {
  const target = shape([songRow(A), songRow(B)])
  const entries = [updateEntry(1, A, { title: 'B' }, { title: 'Wonderwall' })]
  const first = overlayRows(target, entries, author, NOTHING_LAID)
  const again = overlayRows({ ...target, rows: new Map(target.rows) }, entries, author, first)
  expect(again.rows.get(A)).toBe(first.rows.get(A))
  expect(again.rows.get(B)).toBe(target.rows.get(B))
  expect(overlayRows(target, entries, author, first).rows).toBe(first.rows)
  expect(overlayRows(target, [], author, first).rows).toBe(target.rows)
})

test('V6 a row that does not count its changes is confirmed by its transaction or by showing what was written', () => {
  const values = { entity: 'songs', entity_id: A, version: 5 }
  const mark = queuedEntry(1, { op: 'insert', entity: 'read_marks', key: B, values }, { phase: saved(5) })
  const row = (version: number): JsonRow => ({ id: B, user_id: ME, ...values, version, last_read: null })
  expect(isEchoed(marks, mark, row(4), NOTHING_SEEN)).toBe(false)
  expect(isEchoed(marks, mark, row(4), { txids: new Set([7_007]), snapshot: null })).toBe(true)
  expect(isEchoed(marks, mark, row(6), NOTHING_SEEN)).toBe(true)
})

test('V6 the log carries the low 32 bits of a transaction, a snapshot all 64', () => {
  const snapshot = { xmin: '4294974300', xmax: '4294974310', xip: ['4294974305'] }
  expect(containsTxid({ txids: new Set(), snapshot }, '4294974303')).toBe(true)
  expect(containsTxid({ txids: new Set(), snapshot }, '4294974305')).toBe(false)
  expect(containsTxid({ txids: new Set(), snapshot }, '4294974310')).toBe(false)
  expect(containsTxid({ txids: new Set([7_007]), snapshot: null }, '4294974303')).toBe(true)
})

test('V8 a second insert under a derived key is laid over the row there is, and a value that never falls does not', () => {
  const target: OverlayTarget = {
    entity: marks,
    scope: null,
    rows: new Map([[B, { id: B, user_id: ME, entity: 'songs', entity_id: A, version: 7, last_read: null }]]),
    seen: NOTHING_SEEN,
  }
  const mark = (seq: number, version: number) =>
    queuedEntry(seq, { op: 'insert', entity: 'read_marks', key: B, values: { entity: 'songs', entity_id: A, version } })
  expect(view(target, mark(1, 9)).get(B)?.['version']).toBe(9)
  expect(view(target, mark(1, 5)).get(B)?.['version']).toBe(7)
})

test('V9 a band made on this device shows at once with its maker as owner', () => {
  const members: OverlayTarget = {
    entity: entityNamed('band_members') ?? expect.unreachable(),
    scope: null,
    rows: new Map(),
    seen: NOTHING_SEEN,
  }
  const band = queuedEntry(1, { op: 'insert', entity: 'bands', key: A, values: { name: 'Night Shift' } }, { scope: A })
  const [member] = view(members, band).values()
  expect(member).toMatchObject({ band_id: A, user_id: ME, role: 'owner', display_name: 'Sarah' })
})

test('V1 laying writes over and confirming them one by one never shows anything else than all of them applied', () => {
  const patch = fc.record(
    { title: fc.constantFrom('a', 'b', 'c'), artist: fc.option(fc.constantFrom('x', 'y')) },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.array(patch, { minLength: 1, maxLength: 6 }), fc.nat(6), (patches, confirmed) => {
      let row = songRow(A)
      const rows = [row]
      for (const each of patches) rows.push((row = { ...row, ...each, version: Number(row['version']) + 1 }))
      const entries = patches.map((each, index) => {
        const base = Object.fromEntries(Object.keys(each).map((field) => [field, rows[index]?.[field] ?? null]))
        return updateEntry(index + 1, A, each as JsonRow, base, index < confirmed ? { phase: saved(index + 2) } : {})
      })
      // The shape has seen some of the answered ones, in order.
      for (let seen = 0; seen <= Math.min(confirmed, patches.length); seen++) {
        const shown = view(shape(rows.slice(seen, seen + 1)), ...entries).get(A)
        expect(shown).toMatchObject({ title: row['title'], artist: row['artist'] })
        expect(Number(shown?.['version'])).toBeGreaterThanOrEqual(seen + 1)
      }
    }),
  )
})
