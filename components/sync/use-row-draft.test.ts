import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foreignChanges, withTaken, withTyped, type DraftState } from './use-row-draft'

const open: DraftState = { values: { title: 'A', key: 'C' }, seen: { title: 'A', key: 'C' } }

test('a field changed by somebody else while open is named, with what it says now', () => {
  expect(foreignChanges(open, { title: 'B', key: 'C' })).toEqual([{ field: 'title', value: 'B' }])
})

test('what is typed here is no news, and the same text from elsewhere is none either', () => {
  const typed = withTyped(open, 'title', 'B')
  expect(foreignChanges(typed, { title: 'B', key: 'C' })).toEqual([])
  expect(foreignChanges(open, { title: 'A', key: 'C' })).toEqual([])
})

test('a change from elsewhere never moves the text under the cursor until it is taken', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (mine, theirs) => {
      const typed = withTyped(open, 'title', mine)
      const row = { title: theirs, key: 'C' }
      expect(foreignChanges(typed, row).length).toBe(mine === theirs ? 0 : 1)
      expect(typed.values['title']).toBe(mine)
      const taken = withTaken(typed, 'title', row)
      expect(taken.values['title']).toBe(theirs)
      expect(foreignChanges(taken, row)).toEqual([])
    }),
  )
})
