import fs from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FileBlobStore, MemoryBlobStore } from './blob'
import { readRange } from './read-range'
import { ShapeLog } from './shape-log'
import { SnapshotLog } from './snapshot-log'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'blobs-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

test('a range is read as it was written, whatever its pieces, in files and in memory', async () => {
  const files = new FileBlobStore(dir)
  let count = 0
  const range = fc.record({
    size: fc.nat(300),
    from: fc.nat(300),
    to: fc.nat(300),
    piece: fc.integer({ min: 1, max: 90 }),
  })
  await fc.assert(
    fc.asyncProperty(range, fc.boolean(), async ({ size, from, to, piece }, isFile) => {
      const blob = isFile ? files.open(`range/${String(count++)}`) : new MemoryBlobStore().open()
      const bytes = Buffer.from(Array.from({ length: size }, (_, i) => i % 251))
      blob.append([bytes])
      const end = Math.min(to, size)
      const found: Buffer[] = []
      for await (const part of readRange(blob, from, end, piece)) found.push(Buffer.from(part))
      expect(Buffer.concat(found)).toEqual(bytes.subarray(from, end))
    }),
  )
  files.close()
})

test('a read goes on when its file is closed, to make room for others or because it goes away', async () => {
  const files = new FileBlobStore(dir)
  const [evicted, removed] = [files.open('busy/evicted'), files.open('busy/removed')]
  const bytes = Buffer.alloc(1 << 20, 'x')
  for (const blob of [evicted, removed]) blob.append([bytes])
  const reads = [evicted, removed].map((blob) => blob.read(0, Buffer.alloc(bytes.length)))
  removed.remove()
  for (let i = 0; i < 1100; i++) files.open(`others/${String(i)}`).append([Buffer.from('y')])
  for (const read of await Promise.all(reads)) expect(read.equals(bytes)).toBe(true)
  files.close()
})

test('what was removed does not come back by what is still written to it', () => {
  const files = new FileBlobStore(dir)
  const snapshot = new SnapshotLog(files.open('gone/a.snapshot'), 1000)
  const log = new ShapeLog(files.open('gone/a.log'), files.open('gone/a.index'), 1000)
  snapshot.append(Buffer.from(',\n{}'), false)
  log.stage('{"headers":{"op_position":0}}', 0)
  log.commit(5n)
  snapshot.remove()
  log.remove()
  expect(() => snapshot.append(Buffer.from(',\n{}'), false)).toThrow('the shape was removed')
  log.flush()
  expect(fs.readdirSync(path.join(dir, 'gone'))).toEqual([])
  files.close()
})
