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
