import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { IDBFactory } from 'fake-indexeddb'
import { wrap } from 'idb'
import { describe, expect, test } from 'vitest'
import { SCHEMA_VERSION } from '@/entities'
import type { JsonRow } from '@/lib/protocol/json'
import type { Offset } from '@/lib/protocol/offset'
import { insertEntry, songRow, updateEntry, uuidOf } from '../testkit/builders'
import { openIndexedDb } from './indexeddb'
import { CacheLost, EpochLost, type LocalStore, type ShapeMeta } from './local-store'
import { openMemoryStore } from './memory'

const [A, B] = [uuidOf(1), uuidOf(2)]
const meta = (change: Partial<ShapeMeta> = {}): ShapeMeta => ({
  id: 'songs/x',
  handle: 'h1',
  offset: '5_0' as Offset,
  schema: SCHEMA_VERSION,
  isComplete: true,
  seq: 1,
  usedAt: 10,
  bytes: 100,
  isPinned: false,
  txids: [7],
  snapshot: null,
  ...change,
})
const put = (key: string) => ({ key, before: null, after: songRow(key) })

const rowsIn = async (store: LocalStore) => [...((await store.readShape('songs/x'))?.rows.values() ?? [])]
const openStore = async (factory: IDBFactory, userId: string) => (await openIndexedDb(factory, userId)).store

/** What every store promises, whether it lasts or not. */
function localStoreSuite(name: string, open: () => Promise<LocalStore>) {
  describe(name, () => {
    test('S6 rows, position and confirmed writes of a batch are stored together', async () => {
      const store = await open()
      const epoch = await store.takeEpoch()
      const seq = await store.append(insertEntry(1, A))
      await store.commit({ meta: meta(), baseSeq: 0, changes: [put(A), put(B)], echoed: [seq] }, epoch)
      await store.commit(
        {
          meta: meta({ offset: '6_0' as Offset, seq: 2 }),
          baseSeq: 1,
          changes: [{ key: B, before: null, after: null }],
          echoed: [],
        },
        epoch,
      )
      expect(await store.readShape('songs/x')).toEqual({
        meta: meta({ offset: '6_0' as Offset, seq: 2 }),
        rows: new Map([[A, songRow(A)]]),
      })
      expect(await store.readOutbox()).toEqual([])
    })

    test('S6 however many batches a shape came in, what is read is what they made of it', async () => {
      const edit = fc.record({
        key: fc.integer({ min: 1, max: 12 }).map(uuidOf),
        title: fc.option(fc.string({ unit: 'binary' })),
      })
      const batches = fc.array(fc.array(edit, { maxLength: 5 }), { minLength: 1, maxLength: 80 })
      const holds = async (edits: { key: string; title: string | null }[][]) => {
        const store = await open()
        const epoch = await store.takeEpoch()
        const rows = new Map<string, JsonRow>()
        for (const [index, batch] of edits.entries()) {
          const changes = batch.map(({ key, title }) => ({
            key,
            before: null,
            after: title === null ? null : songRow(key, { title }),
          }))
          await store.commit({ meta: meta({ seq: index + 1 }), baseSeq: index, changes, echoed: [] }, epoch)
          for (const { key, after } of changes) {
            if (after) rows.set(key, after)
            else rows.delete(key)
          }
          expect((await store.readShape('songs/x'))?.rows).toEqual(rows)
        }
      }
      await fc.assert(fc.asyncProperty(batches, holds), { numRuns: 20 })
    })

    test('S11 a batch that continues a cache which is gone, or is at another place, is not stored', async () => {
      const store = await open()
      const epoch = await store.takeEpoch()
      const commit = (seq: number, baseSeq: number, key: string) =>
        store.commit({ meta: meta({ seq }), baseSeq, changes: [put(key)], echoed: [] }, epoch)
      await commit(4, 0, A)
      await expect(commit(6, 5, B)).rejects.toThrow(CacheLost)
      expect(await rowsIn(store)).toEqual([songRow(A)])
      await store.dropShapes(['songs/x'])
      await expect(commit(5, 4, B)).rejects.toThrow(CacheLost)
      expect(await store.readShape('songs/x')).toBeNull()
    })

    test('S11 what nobody could read goes when a shape is stored from its beginning', async () => {
      const store = await open()
      const epoch = await store.takeEpoch()
      await store.commit({ meta: meta({ seq: 4 }), baseSeq: 0, changes: [put(A)], echoed: [] }, epoch)
      await store.commit({ meta: meta({ seq: 1 }), baseSeq: 0, changes: [put(B)], echoed: [] }, epoch)
      expect(await rowsIn(store)).toEqual([songRow(B)])
    })

    test('S7 what an older leader stores too late changes nothing', async () => {
      const store = await open()
      const old = await store.takeEpoch()
      const seq = await store.append(insertEntry(1, A))
      const young = await store.takeEpoch()
      expect(young).toBeGreaterThan(old)
      await expect(store.commit({ meta: meta(), baseSeq: 0, changes: [put(A)], echoed: [seq] }, old)).rejects.toThrow(
        EpochLost,
      )
      await expect(store.markSent([seq], old)).rejects.toThrow(EpochLost)
      await expect(store.saveOutbox([], [seq], old)).rejects.toThrow(EpochLost)
      expect(await store.readShape('songs/x')).toBeNull()
      expect((await store.readOutbox()).map(({ phase }) => phase.kind)).toEqual(['queued'])
    })

    test('O2 writes keep the order in which they were stored', async () => {
      const store = await open()
      const seqs = [await store.append(insertEntry(1, A)), await store.append(insertEntry(1, B))]
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
      expect(new Set(seqs).size).toBe(2)
      expect((await store.readOutbox()).map(({ write }) => write.key)).toEqual([A, B])
    })

    test('O3 a write that was marked as sent takes nothing more', async () => {
      const store = await open()
      const epoch = await store.takeEpoch()
      const entry = updateEntry(1, A, { title: 'B' }, { title: 'A' })
      const seq = await store.append(entry)
      const longer = { ...entry, seq, write: { ...entry.write, patch: { title: 'Bo' } } as typeof entry.write }
      expect(await store.replaceUnsent(longer)).toBe(true)
      expect((await store.markSent([seq, 99], epoch)).map(({ write }) => write)).toEqual([longer.write])
      expect(await store.replaceUnsent({ ...entry, seq })).toBe(false)
      expect((await store.readOutbox())[0]?.write).toEqual(longer.write)
    })

    test('O16 deleting the cache leaves the outbox for its owner', async () => {
      const store = await open()
      const epoch = await store.takeEpoch()
      await store.append(insertEntry(1, A))
      await store.commit({ meta: meta(), baseSeq: 0, changes: [put(A)], echoed: [] }, epoch)
      await store.wipeCache()
      expect(await store.listShapes()).toEqual([])
      expect(await store.readShape('songs/x')).toBeNull()
      expect(await store.readOutbox()).toHaveLength(1)
    })

    test('the client keeps its id, and a pinned shape stays pinned over the next batch', async () => {
      const store = await open()
      expect(await store.clientId()).toBe(await store.clientId())
      const epoch = await store.takeEpoch()
      await store.commit({ meta: meta(), baseSeq: 0, changes: [], echoed: [] }, epoch)
      await store.touchShape('songs/x', { isPinned: true })
      await store.commit({ meta: meta({ seq: 2 }), baseSeq: 1, changes: [], echoed: [] }, epoch)
      expect((await store.listShapes()).map(({ isPinned, seq }) => [isPinned, seq])).toEqual([[true, 2]])
    })
  })
}

localStoreSuite('IndexedDB', () => openStore(new IDBFactory(), uuidOf(1)))
localStoreSuite('memory', async () => openMemoryStore())

test('S8 rows of another schema version are never shown', async () => {
  const store = await openStore(new IDBFactory(), uuidOf(1))
  const epoch = await store.takeEpoch()
  await store.commit({ meta: meta({ schema: SCHEMA_VERSION - 1 }), baseSeq: 0, changes: [put(A)], echoed: [] }, epoch)
  expect(await store.readShape('songs/x')).toBeNull()
  await store.commit({ meta: meta(), baseSeq: 0, changes: [put(B)], echoed: [] }, epoch)
  expect(await rowsIn(store)).toEqual([songRow(B)])
})

test('O1 what is stored is there after the database was closed and opened again', async () => {
  const factory = new IDBFactory()
  const store = await openStore(factory, uuidOf(1))
  await store.append(insertEntry(1, A))
  store.close()
  const again = await openStore(factory, uuidOf(1))
  expect((await again.readOutbox()).map(({ write }) => write.key)).toEqual([A])
})

test('T3 a tab that opens while another takes office does not set the epoch back', async () => {
  const factory = new IDBFactory()
  const leading = await openStore(factory, uuidOf(1))
  for (let round = 0; round < 20; round++) {
    const opening = openStore(factory, uuidOf(1))
    const epochs: number[] = []
    for (let each = 0; each < 10; each++) epochs.push(await leading.takeEpoch())
    epochs.push(await (await opening).takeEpoch())
    expect(epochs).toEqual(epochs.map((_, index) => round * 11 + index + 1))
  }
})

test('S6 a shape that changed 3,000 times is read from fewer than a hundred records, and from one after it began anew', async () => {
  const factory = new IDBFactory()
  const store = await openStore(factory, uuidOf(1))
  const epoch = await store.takeEpoch()
  const database = (await wrap(factory.open(`backline-${uuidOf(1)}`))) ?? expect.unreachable('no database')
  let most = 0
  for (let seq = 1; seq <= 3_000; seq++) {
    await store.commit({ meta: meta({ seq }), baseSeq: seq - 1, changes: [put(uuidOf(seq % 50))], echoed: [] }, epoch)
    if (seq % 31 === 0) most = Math.max(most, await database.count('segments'))
  }
  expect(most).toBeGreaterThan(1)
  expect(most).toBeLessThan(100)
  expect((await rowsIn(store)).length).toBe(50)
  await store.commit({ meta: meta({ seq: 3_001 }), baseSeq: 0, changes: [put(A)], echoed: [] }, epoch)
  expect(await database.count('segments')).toBe(1)
  database.close()
})

test('O1 a browser that kept rows in the layout of an older build keeps its unsent writes, and fetches its rows anew', async () => {
  const factory = new IDBFactory()
  const opening = factory.open(`backline-${uuidOf(1)}`, 1)
  opening.onupgradeneeded = () => {
    const { result } = opening
    result.createObjectStore('shapes', { keyPath: 'id' }).put(meta())
    result.createObjectStore('rows').put(songRow(A), ['songs/x', A])
    result.createObjectStore('outbox', { keyPath: 'seq' }).put({ ...insertEntry(1, B), seq: 1 })
    result.createObjectStore('meta').put(4, 'epoch')
  }
  const old = (await wrap(opening)) ?? expect.unreachable('no database')
  // The older build's tab lets go, as every tab of ours does.
  old.addEventListener('versionchange', () => old.close())
  const store = await openStore(factory, uuidOf(1))
  expect(await store.listShapes()).toEqual([])
  expect((await store.readOutbox()).map(({ write }) => write.key)).toEqual([B])
  expect(await store.takeEpoch()).toBe(5)
  await store.commit({ meta: meta(), baseSeq: 0, changes: [put(B)], echoed: [] }, 5)
  expect(await rowsIn(store)).toEqual([songRow(B)])
})
