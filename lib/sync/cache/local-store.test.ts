import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { describe, expect, test } from 'vitest'
import { SCHEMA_VERSION } from '@/entities'
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
        rows: [songRow(A)],
      })
      expect(await store.readOutbox()).toEqual([])
    })

    test('S11 a batch that continues a cache which is gone, or is at another place, is not stored', async () => {
      const store = await open()
      const epoch = await store.takeEpoch()
      const commit = (seq: number, baseSeq: number, key: string) =>
        store.commit({ meta: meta({ seq }), baseSeq, changes: [put(key)], echoed: [] }, epoch)
      await commit(4, 0, A)
      await expect(commit(6, 5, B)).rejects.toThrow(CacheLost)
      expect((await store.readShape('songs/x'))?.rows).toEqual([songRow(A)])
      await store.dropShapes(['songs/x'])
      await expect(commit(5, 4, B)).rejects.toThrow(CacheLost)
      expect(await store.readShape('songs/x')).toBeNull()
    })

    test('S11 what nobody could read goes when a shape is stored from its beginning', async () => {
      const store = await open()
      const epoch = await store.takeEpoch()
      await store.commit({ meta: meta({ seq: 4 }), baseSeq: 0, changes: [put(A)], echoed: [] }, epoch)
      await store.commit({ meta: meta({ seq: 1 }), baseSeq: 0, changes: [put(B)], echoed: [] }, epoch)
      expect((await store.readShape('songs/x'))?.rows).toEqual([songRow(B)])
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
  expect((await store.readShape('songs/x'))?.rows).toEqual([songRow(B)])
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
