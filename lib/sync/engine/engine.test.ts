import { afterEach, expect, test } from 'vitest'
import type { FakeDevice } from '../testkit/fake-device'
import { BAND, SARAH, Scene, SONGS, outboxOf, statusOf, titles, watch } from '../testkit/scene'

const KEY = '00000000-0000-4000-8000-000000000101'
const devices: FakeDevice[] = []

afterEach(async () => {
  for (const device of devices.splice(0)) for (const tab of device.tabs) await tab.sync.close()
})

function open(scene: Scene, ...args: Parameters<Scene['device']>) {
  const device = scene.device(...args)
  devices.push(device)
  return device
}

test('a song of the band is shown and what others change arrives', async () => {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const tab = open(scene, SARAH).open()
  const { view } = watch(tab, SONGS)
  await scene.until('the song is there', () => view().status === 'ready' && titles(view()).length === 1)
  scene.song(KEY.replace('101', '102'), 'Creep')
  await scene.until('the other song is there', () => titles(view()).join() === 'Creep,Wonderwall')
})

test('a write is shown at once, sent, and let go of when its row comes back', async () => {
  const scene = new Scene()
  const tab = open(scene, SARAH).open()
  const { view } = watch(tab, SONGS)
  await scene.until('the shape is ready', () => view().status === 'ready')
  const made = tab.sync.write('songs', { op: 'insert', values: { band_id: BAND, title: 'Wonderwall' } })
  expect(titles(view())).toEqual(['Wonderwall'])
  expect(statusOf(tab, 'songs', made.key)).toBe('syncing')
  await expect(made.settled).resolves.toMatchObject({ status: 'applied', version: 1 })
  await scene.until('the outbox is empty', () => outboxOf(tab).length === 0)
  expect(statusOf(tab, 'songs', made.key)).toBe('synced')
  expect(view().rows.get(made.key)).toEqual(scene.server.row('songs', made.key))
})

test('what is written offline survives the tab, and is sent once when the connection is back', async () => {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const device = open(scene, SARAH)
  const tab = device.open()
  const { view } = watch(tab, SONGS)
  await scene.until('the shape is ready', () => view().status === 'ready')
  await scene.clock.advance(1_000)
  device.disconnect()
  const made = tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Wonderwall (live)' } })
  await made.stored
  await scene.until('offline is noticed', () => tab.sync.connection.read().kind === 'offline')
  expect(statusOf(tab, 'songs', KEY)).toBe('pending')
  tab.kill()
  const again = device.open()
  const { view: viewAgain } = watch(again, SONGS)
  await scene.until('painted from the cache', () => titles(viewAgain()).join() === 'Wonderwall (live)')
  expect(again.sync.connection.read().unsentCount).toBe(1)
  device.connect()
  await scene.until('sent', () => again.sync.connection.read().unsentCount === 0 && outboxOf(again).length === 0)
  expect(scene.server.applications.get(made.id)).toBe(1)
  expect(scene.server.row('songs', KEY)?.['title']).toBe('Wonderwall (live)')
})
