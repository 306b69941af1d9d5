import { expect, test } from 'vitest'
import { Turnstile } from './turnstile'

test('so many are in at once, and the others follow in the order they came', async () => {
  const turnstile = new Turnstile(2)
  const inside: number[] = []
  const ways = [1, 2, 3, 4].map(async (n) => {
    const leave = await turnstile.enter()
    inside.push(n)
    return leave
  })
  const [first, second] = [await ways[0], await ways[1]]
  expect(inside).toEqual([1, 2])
  second?.()
  const third = await ways[2]
  expect(inside).toEqual([1, 2, 3])
  first?.()
  third?.()
  ;(await ways[3])?.()
  expect(inside).toEqual([1, 2, 3, 4])
  await Promise.all([turnstile.enter(), turnstile.enter()])
})
