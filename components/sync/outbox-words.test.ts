import { expect, test } from 'vitest'
import type { OutboxItem } from '@/lib/sync/types'
import { outboxWords, refusalWords } from './outbox-words'

const item: OutboxItem = {
  id: '01900000-0000-7000-8000-000000000001',
  entity: 'songs',
  key: '01900000-0000-7000-8000-000000000002',
  op: 'update',
  label: 'Wonderwall',
  at: 0,
  state: 'waiting',
  isStored: true,
  attempts: 0,
  reason: null,
  values: { title: 'Creep', tempo_bpm: 90 },
}
const failed = { code: 'network', message: 'The server could not be reached.', issues: [] } as const

test('a change is named by what it does to what', () => {
  expect(outboxWords(item, true).what).toBe('Change title and tempo of the song “Wonderwall”')
  expect(outboxWords({ ...item, op: 'delete', values: {} }, true).what).toBe('Delete the song “Wonderwall”')
})

test('having looked at something is told as that, not as a row of a table', () => {
  const mark: OutboxItem = { ...item, entity: 'read_marks', op: 'insert', label: 'read mark' }
  const values = { entity: 'songs', entity_id: item.key, version: 3 }
  expect(outboxWords({ ...mark, values }, true).what).toBe('Remember that you looked at a song')
  expect(outboxWords({ ...mark, op: 'update', values: { version: 4 } }, true).what).toBe('Remember what you looked at')
  expect(refusalWords({ ...mark, values, state: 'refused' }).title).toBe(
    'Not saved: Remember that you looked at a song',
  )
})

test.each(['waiting', 'sending'] as const)('offline nothing is said to be on its way (%s)', (state) => {
  const words = outboxWords({ ...item, state, reason: { ...failed, issues: [] } }, false)
  expect(words).toMatchObject({ why: 'Waits for a connection. It is stored on this device.', status: 'pending' })
})

test('what is not stored is said to be at risk', () => {
  expect(outboxWords({ ...item, isStored: false }, false).why).toMatch(/It is not stored on this device/)
})

test.each(['waiting', 'sending'] as const)(
  'a failed attempt while connected is an error with its reason (%s)',
  (state) => {
    const words = outboxWords({ ...item, state, reason: { ...failed, issues: [] } }, true)
    expect(words).toMatchObject({ why: `The last attempt failed: ${failed.message}`, status: 'error' })
  },
)

test('a decision that came late says that somebody was first', () => {
  const late: OutboxItem = {
    ...item,
    entity: 'conflicts',
    label: 'songs title',
    values: { decision: 'current' },
    state: 'refused',
    reason: { code: 'invalid', message: 'This change does not fit and was not saved.', issues: [] },
  }
  const words = refusalWords(late)
  expect(words.title).toBe('Not saved: Settle the title of a song')
  expect(words.description).toMatch(/^Somebody settled this before you/)
})
