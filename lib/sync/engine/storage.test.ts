import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { openIndexedDb } from '../cache/indexeddb'
import { shapeOfId } from '../shapes/shape-name'
import type { FakeDevice } from '../testkit/fake-device'
import { BAND, devicesOf, outboxOf, SARAH, Scene, SONGS, titles, watch } from '../testkit/scene'

const DAY_MS = 24 * 3600 * 1000
const KEY = '00000000-0000-4000-8000-000000005001'
const { open, closeAll } = devicesOf()
afterEach(closeAll)
// What cannot be stored is said on the console too.
beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => undefined))

/** One tab that shows a song, and has stored it. */
async function withOneSong() {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const device = open(scene, SARAH)
  const tab = device.open()
  const { view } = watch(tab, SONGS)
  await scene.until('the song is there', () => titles(view()).length === 1 && view().status === 'ready')
  await scene.clock.advance(1_000)
  return { scene, device, tab, view }
}

async function offlineOnAFullDisk() {
  const begun = await withOneSong()
  begun.device.disconnect()
  begun.device.isFull = true
  return begun
}

test('O18 a write this device has no room for is sent all the same', async () => {
  const { scene, device, tab } = await offlineOnAFullDisk()
  const made = tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } })
  await scene.until('it is said', () => tab.sync.connection.read().durability === 'full')
  expect(outboxOf(tab).map(({ isStored }) => isStored)).toEqual([false])
  device.connect()
  await expect(made.settled).resolves.toMatchObject({ status: 'applied' })
  expect(scene.server.row('songs', KEY)?.['title']).toBe('Creep')
})

test('O18 a write this device had no room for is stored in its place once there is room', async () => {
  const { scene, device, tab } = await offlineOnAFullDisk()
  void tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'First' } })
  await scene.until('it is said', () => tab.sync.connection.read().durability === 'full')
  device.isFull = false
  await tab.sync.write('songs', { op: 'update', key: KEY, patch: { artist: 'Second' } }).stored
  await scene.until('all is stored', () => tab.sync.connection.read().durability === 'kept')
  tab.kill()

  const next = device.open()
  await scene.until('both are there', () => outboxOf(next).length === 2)
  expect(outboxOf(next).map(({ values }) => values)).toEqual([{ title: 'First' }, { artist: 'Second' }])
  watch(next, SONGS)
  device.connect()
  await scene.until('both arrived', () => outboxOf(next).length === 0)
  expect(scene.server.row('songs', KEY)).toMatchObject({ title: 'First', artist: 'Second', version: 3 })
})

test('O18 the tab that takes over sends what the closed one had no room for', async () => {
  const { scene, device, tab } = await offlineOnAFullDisk()
  const other = device.open()
  const { view } = watch(other, SONGS)
  await scene.until('the other tab shows the song', () => titles(view()).length === 1)
  void tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } })
  await scene.until('the other tab heard of it', () => other.sync.connection.read().durability === 'full')
  tab.kill()
  device.connect()
  await scene.until('it arrived', () => scene.server.row('songs', KEY)?.['title'] === 'Creep')
  await scene.until('and was let go of', () => outboxOf(other).length === 0)
  expect(scene.server.row('songs', KEY)?.['version']).toBe(2)
})

test('O18 a tab opened on a full disk shows and sends what was stored before', async () => {
  const { scene, device, tab } = await offlineOnAFullDisk()
  device.isFull = false
  await tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } }).stored
  device.isFull = true
  tab.kill()
  const next = device.open()
  const { view } = watch(next, SONGS)
  await scene.until('the rows and the write are there', () => titles(view())[0] === 'Creep')
  device.connect()
  await scene.until('it arrived', () => scene.server.row('songs', KEY)?.['title'] === 'Creep')
})

test('B5 what a show within a fortnight needs stays after a month of not being opened, and nothing else does', async () => {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const startsAt = new Date(scene.clock.now() + 40 * DAY_MS).toISOString()
  scene.server.seed('shows', { id: KEY.replace('5001', '5002'), band_id: BAND, title: 'Gig', starts_at: startsAt })
  const device = open(scene, SARAH)
  const tab = device.open()
  const names = ['songs', 'shows', 'setlists', 'messages'].map((entity) => ({ entity, scope: BAND }))
  const views = names.map((name) => watch(tab, name).view)
  await scene.until('all is there', () => views.every((view) => view().status === 'ready'))
  // Waits for what is still being stored.
  await tab.sync.close()
  expect(await cachedOn(device)).toEqual(expect.arrayContaining(names.map(({ entity }) => entity)))

  scene.clock.skip(31 * DAY_MS)
  device.open()
  await scene.clock.advance(1_000)
  const kept = await cachedOn(device)
  expect(kept).toEqual(expect.arrayContaining(['songs', 'shows', 'setlists']))
  expect(kept).not.toContain('messages')
})

/** The entities of the band that this device has cached. */
async function cachedOn({ indexedDB }: FakeDevice): Promise<string[]> {
  const store = await openStoreOf(indexedDB ?? expect.unreachable('it stores things'), SARAH)
  const names = (await store.listShapes()).map(({ id }) => shapeOfId(id))
  store.close()
  return names.flatMap((name) => (name?.scope === BAND ? [name.entity] : []))
}

test('B4 a tab whose storage does not open leads for itself beside tabs whose storage does', async () => {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const device = open(scene, SARAH)
  const tab = device.open()
  const { view } = watch(tab, SONGS)
  await scene.until('the first tab shows the song', () => titles(view()).length === 1)
  device.isBroken = true
  const other = device.open()
  const { view: viewOfOther } = watch(other, SONGS)
  await scene.until('the other tab shows it too', () => titles(viewOfOther()).length === 1)
  expect(other.sync.connection.read().durability).toBe('nowhere')
  await other.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } }).settled
  await scene.until('both show what one wrote', () => titles(view())[0] === 'Creep' && outboxOf(other).length === 0)
})

test('S11 a shape that another tab evicted is not brought back as a part of itself', async () => {
  const { scene, device, tab, view } = await withOneSong()
  const store = await openStoreOf(device.indexedDB ?? expect.unreachable('no storage'), SARAH)
  await store.dropShapes([`songs/${BAND}`])
  scene.song(KEY.replace('5001', '5002'), 'Creep')
  await scene.until('the news are there', () => titles(view()).length === 2)
  await scene.clock.advance(1_000)
  tab.kill()
  device.disconnect()

  const next = watch(device.open(), SONGS)
  await scene.clock.advance(1_000)
  // All or nothing: one song of two would be a lie.
  expect(titles(next.view())).toEqual([])
  device.connect()
  await scene.until('all is there again', () => titles(next.view()).length === 2)
  store.close()
})

test('S11 rows of a cache that could not be read do not come back once it can', async () => {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  scene.song(KEY.replace('5001', '5002'), 'Creep')
  const device = open(scene, SARAH)
  const first = device.open()
  const shown = watch(first, SONGS)
  await scene.until('the songs are there', () => shown.view().status === 'ready' && titles(shown.view()).length === 2)
  await scene.clock.advance(1_000)
  first.kill()
  scene.server.remove('songs', KEY)

  const second = device.open()
  await scene.until('it is live', () => second.sync.connection.read().kind === 'live')
  device.isUnreadable = true
  const again = watch(second, SONGS)
  await scene.until('one song is left', () => again.view().status === 'ready' && titles(again.view()).length === 1)
  device.isUnreadable = false
  await scene.clock.advance(1_000)
  second.kill()
  device.disconnect()

  const third = watch(device.open(), SONGS)
  await scene.until('the cache is read', () => titles(third.view()).length > 0)
  expect(titles(third.view())).toEqual(['Creep'])
})

test('a tab that begins to lead does not read again what it has read to paint', async () => {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const device = open(scene, SARAH)
  const first = device.open()
  const shown = watch(first, SONGS)
  await scene.until('the song is there', () => titles(shown.view()).length === 1 && shown.view().status === 'ready')
  await scene.clock.advance(1_000)
  first.kill()
  const reading = vi.spyOn(IDBObjectStore.prototype, 'getAll')
  const second = device.open()
  const again = watch(second, SONGS)
  await scene.until('it leads and is up to date', () => again.view().status === 'ready')
  const ranges = reading.mock.calls.flatMap(([query]) => (query instanceof IDBKeyRange ? [String(query.lower)] : []))
  expect(ranges.filter((shape) => shape === `songs/${BAND}`)).toHaveLength(1)
  reading.mockRestore()
})

test('O18 a device whose disk is full from the first visit on works all the same', async () => {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const device = open(scene, SARAH)
  device.isFull = true
  const tab = device.open()
  const { view } = watch(tab, SONGS)
  await scene.until('the song is there', () => titles(view()).length === 1)
  void tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } })
  await scene.until('it arrived', () => scene.server.row('songs', KEY)?.['title'] === 'Creep')
})

async function openStoreOf(factory: IDBFactory, userId: string) {
  return (await openIndexedDb(factory, userId)).store
}

test('V1 a tab that opens at the moment a write of another tab arrives never shows the row of before', async () => {
  const { scene, device, tab } = await withOneSong()
  device.disconnect()
  await tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } }).stored
  tab.kill()
  const factory = device.indexedDB ?? expect.unreachable('no storage')
  const { store } = await openIndexedDb(factory, SARAH)
  const leader = await store
  const epoch = await leader.takeEpoch()
  const id = `songs/${BAND}`
  const { meta, rows } = (await leader.readShape(id)) ?? expect.unreachable('nothing is cached')
  const after = { ...rows.get(KEY), title: 'Creep', version: 2 }
  const echoed = (await leader.readOutbox()).map(({ seq }) => seq)
  // The leader's batch comes right after the first that the opening tab reads of both: the song, or the outbox.
  const changes = [{ key: KEY, before: null, after }]
  const commits: Promise<void>[] = []
  // oxlint-disable-next-line typescript/unbound-method -- applied to the store it is called on
  const { getAll } = IDBObjectStore.prototype
  const reads = vi.spyOn(IDBObjectStore.prototype, 'getAll').mockImplementation(function (this: IDBObjectStore, ...of) {
    const reading = getAll.apply(this, of)
    const [range] = of
    const isSong = range instanceof IDBKeyRange && (range.lower as unknown[])[0] === id
    if (commits.length === 0 && (this.name === 'outbox' || isSong)) {
      commits.push(leader.commit({ meta: { ...meta, seq: meta.seq + 1 }, baseSeq: meta.seq, changes, echoed }, epoch))
    }
    return reading
  })
  onTestFinished(() => reads.mockRestore())
  const { views } = watch(device.open(), SONGS)
  await scene.until('it shows the song', () => views.some((view) => titles(view).length > 0))
  await Promise.all(commits)
  expect(commits).toHaveLength(1)
  expect(views.flatMap(titles).filter((title) => title !== 'Creep')).toEqual([])
  leader.close()
})

test('S11 a tab whose cache lacks what the leading one stored shows no empty shape, and gets its rows from there', async () => {
  const { scene, device, tab: leader } = await withOneSong()
  const factory = device.indexedDB ?? expect.unreachable('no storage')
  // The person clears this site's data, or a newer build takes the storage over: the leader's connection is closed under it.
  await new Promise((resolve) => (factory.deleteDatabase(`backline-${SARAH}`).onsuccess = resolve))
  const other = device.open()
  const { view, views } = watch(other, SONGS)
  await scene.until('it shows the song', () => titles(view()).length === 1)
  expect(views.filter((each) => each.status !== 'loading' && each.rows.size === 0)).toEqual([])
  await leader.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'From the leader' } }).settled
  await scene.until('it follows', () => titles(view())[0] === 'From the leader')
  await other.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'From the other' } }).settled
  expect(scene.server.row('songs', KEY)?.['title']).toBe('From the other')
  expect(leader.sync.connection.read().durability).toBe('nowhere')
})
