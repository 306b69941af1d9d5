import { type Position, type ShapeState, rowsOf } from './known-shape'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entityNamed } from '@/entities'
import type { Offset } from '@/lib/protocol/offset'
import { insertMessage, MUST_REFETCH, songRow, UP_TO_DATE, uuidOf } from '../testkit/builders'
import type { ShapeMessage } from '../shapes/messages'
import { withPage } from './history-rows'
import { versionOf } from './rows'
import { nextShape } from './shape-state'

const songs = entityNamed('songs') ?? expect.unreachable()
const messagesEntity = entityNamed('messages') ?? expect.unreachable()
const [A, B] = [uuidOf(1), uuidOf(2)]
const at = (offset: number, handle = 'h1'): Position => ({ handle, offset: `${offset}_0` as Offset })

function batch(state: ShapeState, offset: number, messages: ShapeMessage[], handle = 'h1') {
  return nextShape(songs, state, { kind: 'batch', messages, position: at(offset, handle) })
}

const empty: ShapeState = { kind: 'loading', position: null, rows: new Map() }
const ready = batch(empty, 10, [insertMessage(A, { version: 3 }), insertMessage(B), UP_TO_DATE]).state

test('S1 a row never goes back to a lower version within one life of the log', () => {
  const update: ShapeMessage = { kind: 'update', key: A, columns: { id: A, title: 'Old', version: 2 }, txids: [] }
  const { state, changes } = batch(ready, 11, [update, UP_TO_DATE])
  expect(rowsOf(state).get(A)).toEqual(songRow(A, { version: 3 }))
  expect(changes).toEqual([])
})

test('S1 whatever order versions arrive in, what is shown never counts down', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 }), (versions) => {
      let state: ShapeState = empty
      let shown = 0
      for (const [index, version] of versions.entries()) {
        state = batch(state, index + 1, [insertMessage(A, { version }), UP_TO_DATE]).state
        expect(versionOf(rowsOf(state).get(A))).toBeGreaterThanOrEqual(shown)
        shown = versionOf(rowsOf(state).get(A))
      }
      expect(shown).toBe(Math.max(0, ...versions))
    }),
  )
})

test('S2 when the log begins anew the old rows stay until the new snapshot is whole', () => {
  const begun = batch(ready, 0, [MUST_REFETCH], 'h2').state
  const partly = batch(begun, 20, [insertMessage(A, { version: 1, title: 'New' })], 'h2')
  expect(partly.state.kind).toBe('refetching')
  expect([...rowsOf(partly.state).keys()]).toEqual([A, B])
  expect(rowsOf(partly.state).get(A)).toEqual(songRow(A, { version: 3 }))
  const whole = batch(partly.state, 21, [UP_TO_DATE], 'h2')
  expect(whole.state.kind).toBe('ready')
  expect([...rowsOf(whole.state).values()]).toEqual([songRow(A, { version: 1, title: 'New' })])
  expect(whole.changes.map(({ key, after }) => [key, after?.['title'] ?? null])).toEqual([
    [A, 'New'],
    [B, null],
  ])
})

test('S3 a row that does not pass the schema is left out and named, the others go on', () => {
  const broken: ShapeMessage = { kind: 'insert', key: A, columns: { ...songRow(A), title: 7 }, txids: [] }
  const { state, leftOut } = batch(empty, 1, [broken, insertMessage(B), UP_TO_DATE])
  expect([...rowsOf(state).keys()]).toEqual([B])
  expect(leftOut.map(({ key }) => key)).toEqual([A])
  expect(leftOut[0]?.issues.join()).toContain('title')
})

test('S4 a batch that comes again changes nothing', () => {
  const late: ShapeMessage = { kind: 'delete', key: B, txids: [] }
  const gone = batch(ready, 11, [late, UP_TO_DATE]).state
  const again = batch(gone, 10, [insertMessage(B), UP_TO_DATE])
  expect(again.state).toBe(gone)
})

test('S5 a refused shape keeps its rows, takes nothing more, and begins anew when it is reopened', () => {
  const refused = nextShape(songs, ready, { kind: 'refused', failure: { code: 'forbidden', message: 'no' } }).state
  expect(batch(refused, 12, [insertMessage(A, { version: 9 }), UP_TO_DATE]).state).toBe(refused)
  const reopened = nextShape(songs, refused, { kind: 'reopened' }).state
  expect(reopened).toEqual({ kind: 'loading', position: null, rows: new Map() })
})

test('S9 a first page says all there is in its time: what it does not name is gone, what it names at a higher version stays', () => {
  const message = (key: string, created: number, body = 'hi', version = 1) => ({
    ...songRow(key),
    conversation_id: uuidOf(50),
    body,
    version,
    reply_to: null,
    edited_at: null,
    role: 'user',
    created_at: new Date(created * 1_000).toISOString(),
  })
  const group = { column: 'conversation_id', value: uuidOf(50) }
  const apply = (state: ShapeState, rows: ReturnType<typeof message>[], isFirst: boolean) =>
    nextShape(
      messagesEntity,
      state,
      withPage(messagesEntity, rowsOf(state), { rows, group, isFirst, dropsOlder: false }),
    ).state
  const known = apply(
    { kind: 'ready', position: at(1), rows: new Map() },
    [message(uuidOf(4), 40), message(uuidOf(3), 30, 'edited', 2), message(uuidOf(2), 20), message(uuidOf(1), 10)],
    true,
  )
  const overlapping = apply(known, [message(uuidOf(4), 40), message(uuidOf(3), 30)], true)
  expect([...rowsOf(overlapping).keys()].toSorted()).toEqual([1, 2, 3, 4].map(uuidOf))
  expect(rowsOf(overlapping).get(uuidOf(3))?.['body']).toBe('edited')
  const withoutOne = apply(known, [message(uuidOf(4), 40), message(uuidOf(2), 20)], true)
  expect([...rowsOf(withoutOne).keys()].toSorted()).toEqual([1, 2, 4].map(uuidOf))
  const beyondAGap = apply(known, [message(uuidOf(9), 90), message(uuidOf(8), 80)], true)
  expect([...rowsOf(beyondAGap).keys()].toSorted()).toEqual([8, 9].map(uuidOf))
})

test('an update brings only the columns that changed', () => {
  const { state } = batch(ready, 11, [
    { kind: 'update', key: A, columns: { id: A, artist: 'Oasis', version: 4 }, txids: [5] },
    UP_TO_DATE,
  ])
  expect(rowsOf(state).get(A)).toEqual(songRow(A, { version: 4, artist: 'Oasis' }))
  expect(rowsOf(state).get(B)).toBe(rowsOf(ready).get(B))
})
