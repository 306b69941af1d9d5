import fc from 'fast-check'
import { expect, test } from 'vitest'
import { durationText, parseDuration, parseTempo } from './duration'

test('a length that is shown reads back as the same length', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999 * 60 + 59 }), (seconds) => {
      expect(parseDuration(durationText(seconds * 1000))).toBe(seconds * 1000)
    }),
  )
})

test('lengths are read as people type them, nonsense is told apart from nothing', () => {
  expect(parseDuration('3:45')).toBe(225_000)
  expect(parseDuration(' 3.5 ')).toBe(185_000)
  expect(parseDuration('4')).toBe(240_000)
  expect(parseDuration('')).toBeNull()
  for (const wrong of ['3:75', 'four', '-1', '3:4:5']) expect(parseDuration(wrong)).toBeUndefined()
})

test('a tempo is 1 to 999', () => {
  expect(parseTempo('120')).toBe(120)
  expect(parseTempo('')).toBeNull()
  for (const wrong of ['0', '1000', '12.5', 'fast']) expect(parseTempo(wrong)).toBeUndefined()
})
