import { expect, test } from 'vitest'
import { relativeWords } from './relative-time'

const now = Date.parse('2026-11-20T18:00:00.000Z')
const ago = (milliseconds: number) => relativeWords(now - milliseconds, now)

test('ages read as people say them', () => {
  expect(ago(0)).toBe('now')
  expect(ago(59_999)).toBe('now')
  expect(ago(60_000)).toBe('1 min ago')
  expect(ago(59 * 60_000)).toBe('59 min ago')
  expect(ago(3 * 3_600_000)).toBe('3 h ago')
  expect(ago(30 * 3_600_000)).toBe('yesterday')
  expect(ago(72 * 3_600_000)).toBe('3 days ago')
})

test('a clock that was set back never speaks of the future', () => {
  expect(ago(-5_000_000)).toBe('now')
})
