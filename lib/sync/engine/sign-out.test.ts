import { afterEach, expect, test } from 'vitest'
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
