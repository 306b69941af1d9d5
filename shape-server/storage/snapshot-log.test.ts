import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemoryBlobStore } from './blob'
import { SnapshotLog } from './snapshot-log'

test('whether a chunk follows the last one of a sealed snapshot is told when it is complete, not before', async () => {
  const log = new SnapshotLog(new MemoryBlobStore().open(), 100)
  log.seal()
  const told: boolean[] = []
  const asked = log.hasChunk(0).then((hasChunk) => told.push(hasChunk))
  await new Promise(setImmediate)
  expect(told).toEqual([])
  log.complete()
  await asked
  expect(told).toEqual([false])
})

test('every chunk is read as it was written, by who follows closely and by who comes late', async () => {
  const appends = fc.array(fc.record({ size: fc.integer({ min: 1, max: 9 }), closes: fc.boolean() }), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(appends, fc.boolean(), async (parts, isFollowed) => {
      const log = new SnapshotLog(new MemoryBlobStore().open(), 100)
      const chunks = parts.reduce((count, { closes }) => count + (closes ? 1 : 0), 1)
      const readers = () => Array.from({ length: chunks }, (_, k) => readChunk(log, k))
      const following = isFollowed ? readers() : []
      const expected = ['']
      for (const [i, { size, closes }] of parts.entries()) {
        const text = String.fromCodePoint(97 + (i % 26)).repeat(size)
        expected[expected.length - 1] += text
        if (closes) expected.push('')
        log.append(Buffer.from(text), closes)
        if (i % 3 === 0) await new Promise(setImmediate)
      }
      expected[expected.length - 1] += 'end'
      log.append(Buffer.from('end'), false)
      log.seal()
      log.complete()
      expect(await Promise.all([...following, ...readers()])).toEqual(
        isFollowed ? [...expected, ...expected] : expected,
      )
    }),
  )
})

/** Chunk `k`, from when it is there. */
async function readChunk(log: SnapshotLog, k: number): Promise<string> {
  expect(await log.hasChunk(k)).toBe(true)
  let text = ''
  for await (const piece of log.stream(k)) {
    expect(piece.length).toBeGreaterThan(0)
    text += piece.toString('latin1')
  }
  return text
}
