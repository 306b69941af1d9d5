import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { devicesOf, outboxOf, SARAH, Scene, SONGS, titles, watch } from '../testkit/scene'

const KEY = '00000000-0000-4000-8000-000000005001'
const { open, closeAll } = devicesOf()
afterEach(closeAll)
// What cannot be stored is said on the console too.
beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => undefined))

async function offlineOnAFullDisk() {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const device = open(scene, SARAH)
  const tab = device.open()
  const { view } = watch(tab, SONGS)
  await scene.until('the song is there', () => titles(view()).length === 1 && view().status === 'ready')
  await scene.clock.advance(1_000)
  device.disconnect()
  device.isFull = true
  return { scene, device, tab, view }
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
