import { expect, test } from 'vitest'
import { isNearlyFull, shapesToEvict, type CachedUse } from './budget'

const NOW = Date.UTC(2026, 10, 20)
const DAY = 86_400_000
const use = (id: string, daysAgo: number, bytes: number, isKept = false): CachedUse => ({
  id,
  bytes,
  usedAt: NOW - daysAgo * DAY,
  isKept,
})

test('B1 over budget the longest unused leave first, and what must stay never does', () => {
  const shapes = [use('new', 0, 40), use('old', 9, 40), use('older', 10, 40, true), use('mid', 5, 40)]
  expect(shapesToEvict(shapes, NOW, 100)).toEqual(['old', 'mid'])
  expect(shapesToEvict(shapes, NOW, 160)).toEqual([])
})

test('B2 what was not opened for thirty days leaves within the budget too', () => {
  expect(shapesToEvict([use('a', 30, 1), use('b', 29, 1), use('c', 99, 1, true)], NOW)).toEqual(['a'])
})

test('B3 people are warned at four fifths of what the browser grants', () => {
  expect(isNearlyFull({ usedBytes: 79, grantedBytes: 100 })).toBe(false)
  expect(isNearlyFull({ usedBytes: 80, grantedBytes: 100 })).toBe(true)
  expect(isNearlyFull({ usedBytes: 0, grantedBytes: 0 })).toBe(false)
})
