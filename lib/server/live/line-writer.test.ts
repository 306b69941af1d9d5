import { expect, test } from 'vitest'
import { LineWriter } from './line-writer'

const line = (bytes: number, fill = 0) => new Uint8Array(bytes).fill(fill)
const writer = (onGone = () => {}) => new LineWriter(onGone)

/** Whether a promise is settled by now. */
const settled = async (promise: Promise<unknown>) => {
  const pending = {}
  await new Promise(setImmediate)
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending
}

test('a client that does not read holds back its lines: what waits for it is bounded', async () => {
  const lines = writer()
  const sent: Promise<boolean>[] = []
  for (let n = 0; n < 20; n += 1) sent.push(lines.send(() => line(40_000)))
  const written = await Promise.all(sent.map(settled))
  expect(written.filter(Boolean)).toHaveLength(2)
})

test('lines held back come in order, each once there is room', async () => {
  const lines = writer()
  const sent = Promise.all([1, 2, 3, 4, 5].map((fill) => lines.send(() => line(70_000, fill))))
  const reader = lines.body.getReader()
  const fills: unknown[] = []
  for (let n = 0; n < 5; n += 1) fills.push((await reader.read()).value?.[0])
  expect(fills).toEqual([1, 2, 3, 4, 5])
  expect(await sent).toEqual([true, true, true, true, true])
})

test('a heartbeat is left out where nothing is read', async () => {
  const lines = writer()
  await lines.send(() => line(70_000, 1))
  lines.offer(line(10, 2))
  const reader = lines.body.getReader()
  await reader.read()
  lines.offer(line(10, 3))
  expect((await reader.read()).value?.[0]).toBe(3)
})

test('the end lets go of everyone who waits, after one last line', async () => {
  const lines = writer()
  await lines.send(() => line(70_000, 1))
  const held = lines.send(() => line(10, 2))
  lines.close(line(10, 3))
  expect(await held).toBe(false)
  expect(await lines.send(() => line(10, 4))).toBe(false)
  const reader = lines.body.getReader()
  expect([(await reader.read()).value?.[0], (await reader.read()).value?.[0], (await reader.read()).done]).toEqual([
    1,
    3,
    true,
  ])
})

test('a client that leaves is told, and lets go of everyone who waits', async () => {
  let isGone = false
  const lines = writer(() => (isGone = true))
  await lines.send(() => line(70_000))
  const held = lines.send(() => line(10))
  await lines.body.cancel()
  expect([isGone, await held]).toEqual([true, false])
  lines.offer(line(10))
  lines.close()
})
