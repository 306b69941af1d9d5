import { wrap } from 'idb'
import { afterEach, expect, test } from 'vitest'
import { openIndexedDb } from '../cache/indexeddb'
import { EpochLost } from '../cache/local-store'
import { BAND, devicesOf, SARAH, Scene, SONGS, titles, watch } from '../testkit/scene'

const KEY = '00000000-0000-4000-8000-000000000101'
const { open, closeAll } = devicesOf()
afterEach(closeAll)

test('nothing is asked while a session ends, also where the tab was only about to lead', async () => {
  for (const startedMs of [0, 10, 50, 200, 2_000]) {
    const scene = new Scene()
    scene.song(KEY, 'Wonderwall')
    const device = open(scene, SARAH)
    const tab = device.open()
    watch(tab, SONGS)
    tab.sync.openScope(BAND)
    await scene.clock.advance(startedMs)
    let asked = 0
    device.fate = () => {
      asked += 1
      return 'pass'
    }
    await tab.sync.signOut(async () => {
      await scene.clock.advance(5_000)
      return true
    })
    await scene.clock.advance(60_000)
    expect(asked).toBe(0)
  }
})

test('where the session did not end, all goes on: rows stay, and what others change arrives', async () => {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const tab = open(scene, SARAH).open()
  const { view } = watch(tab, SONGS)
  await scene.until('the shape is ready', () => view().status === 'ready' && titles(view()).length === 1)
  await tab.sync.signOut(async () => false)
  expect(titles(view())).toEqual(['Wonderwall'])
  scene.song(KEY.replace('101', '102'), 'Creep')
  await scene.until('the other song is there', () => titles(view()).join() === 'Creep,Wonderwall')
})

test('what the tab that led still has to store when another one signs out comes too late', async () => {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const device = open(scene, SARAH)
  const [leader, follower] = [device.open(), device.open()]
  const shown = [leader, follower].map((tab) => watch(tab, SONGS))
  await scene.until('both show it', () => shown.every(({ view }) => view().status === 'ready'))
  await scene.clock.advance(2_000)
  const factory = device.indexedDB ?? expect.unreachable('no storage')
  const store = await openStoreOf(factory, SARAH)
  const epoch = await storedEpoch(factory)
  const cached = await store.readShape(`songs/${BAND}`)
  const meta = cached?.meta ?? expect.unreachable('nothing is cached')
  await follower.sync.signOut(async () => true)
  const late = { meta, baseSeq: 0, changes: [{ key: KEY, before: null, after: { id: KEY } }], echoed: [] }
  await expect(store.commit(late, epoch)).rejects.toThrow(EpochLost)
  expect(await store.listShapes()).toEqual([])
  store.close()
})

async function storedEpoch(factory: IDBFactory): Promise<number> {
  const database = (await wrap(factory.open(`backline-${SARAH}`))) ?? expect.unreachable('no database')
  const epoch = Number(await database.get('meta', 'epoch'))
  database.close()
  return epoch
}

async function openStoreOf(factory: IDBFactory, userId: string) {
  return (await openIndexedDb(factory, userId)).store
}
