import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { isOn } from './flags'

const people = Array.from({ length: 2_000 }, () => randomUUID())

test('a share of people is in, and whoever is in stays in while it grows', () => {
  let before = new Set<string>()
  for (const share of [0, 10, 50, 100]) {
    const now = new Set(people.filter((id) => isOn('toasts', share, id)))
    for (const id of before) expect(now).toContain(id)
    expect(Math.abs(now.size / people.length - share / 100)).toBeLessThan(0.05)
    before = now
  }
})

test('groups of different flags are drawn apart', () => {
  const both = people.filter((id) => isOn('toasts', 50, id) && isOn('realtime', 50, id))
  expect(both.length / people.length).toBeGreaterThan(0.15)
  expect(both.length / people.length).toBeLessThan(0.35)
})
