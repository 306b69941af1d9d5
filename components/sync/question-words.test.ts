import { expect, test } from 'vitest'
import type { Question } from '@/lib/sync/types'
import { valueText, wordsFor } from './question-words'

const names = new Map([['alex', 'Alex']])
const nameOf = (id: string | null) => names.get(id ?? '') ?? 'Someone'
const question: Question = {
  id: 'q',
  scope: 'band',
  entity: 'songs',
  key: 'song',
  field: 'title',
  base: 'Song',
  currentValue: 'Song A',
  currentBy: 'alex',
  offeredValue: 'Song B',
  offeredBy: 'sarah',
  at: '2026-11-20T18:00:00.000Z',
}

test('each reader sees which version is theirs', () => {
  expect(wordsFor(question, 'sarah', nameOf)).toMatchObject({
    title: 'Two versions of a song’s title',
    before: 'Song',
    current: { whose: 'Alex’s', text: 'Song A', choose: 'Keep Alex’s' },
    offered: { whose: 'Yours', text: 'Song B', choose: 'Keep mine' },
    editable: 'Song B',
  })
  expect(wordsFor(question, 'alex', nameOf).current).toMatchObject({ whose: 'Yours', choose: 'Keep mine' })
})

test('an edit against a delete offers to restore or to let go', () => {
  const deleted: Question = { ...question, field: 'deleted_at', offeredValue: { title: 'Song B', tempo_bpm: 90 } }
  expect(wordsFor(deleted, 'sarah', nameOf)).toMatchObject({
    current: { whose: 'Alex deleted it', choose: 'Let it go' },
    offered: { whose: 'You changed it', text: 'title: Song B; tempo: 90', choose: 'Restore with the change' },
    editable: null,
  })
})

test('no value at all is words too', () => {
  for (const nothing of [null, '']) expect(valueText(nothing)).toBe('nothing')
  expect(valueText(['encore', 'loud'])).toBe('encore, loud')
})
