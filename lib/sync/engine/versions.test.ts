import { afterEach, expect, test } from 'vitest'
import type { Platform } from '../platform'
import { FakeDevice } from '../testkit/fake-device'
import { modelFetch } from '../testkit/model-doors'
import { ALEX, BAND, SARAH, Scene, SONGS, titles, watch } from '../testkit/scene'

const devices: FakeDevice[] = []
afterEach(async () => {
  for (const device of devices.splice(0)) for (const tab of device.tabs) await tab.sync.close()
})

/** A device whose clock is wrong by so much. */
function deviceWithClockOff(scene: Scene, userId: string, offMs: number): FakeDevice {
  const clock: Pick<Platform, 'now' | 'after'> = {
    now: () => scene.clock.now() + offMs,
    after: (delayMs, run) => scene.clock.after(delayMs, run),
  }
  const device = new FakeDevice(userId, clock, modelFetch(scene.server, { userId }))
  devices.push(device)
  return device
}

const DAY_MS = 24 * 3600 * 1000

test.each([
  { sarahOffMs: 0, alexOffMs: 0 },
  { sarahOffMs: DAY_MS, alexOffMs: -DAY_MS },
  { sarahOffMs: -DAY_MS, alexOffMs: DAY_MS },
])(
  'R-TEST-03 versions count from 1; two edits from one version clash in the same field and merge in others, clocks off by $sarahOffMs and $alexOffMs ms',
  async ({ sarahOffMs, alexOffMs }) => {
    const scene = new Scene()
    const [sarah, alex] = [
      deviceWithClockOff(scene, SARAH, sarahOffMs),
      deviceWithClockOff(scene, ALEX, alexOffMs),
    ].map((device) => {
      const tab = device.open()
      return { device, tab, view: watch(tab, SONGS).view }
    })
    if (!sarah || !alex) return expect.unreachable()
    await scene.until('both are ready', () => [sarah, alex].every(({ view }) => view().status === 'ready'))
    const made = sarah.tab.sync.write('songs', { op: 'insert', values: { band_id: BAND, title: 'Song' } })
    await expect(made.settled).resolves.toMatchObject({ status: 'applied', version: 1 })
    const { key } = made
    await expect(
      sarah.tab.sync.write('songs', { op: 'update', key, patch: { artist: 'One' } }).settled,
    ).resolves.toMatchObject({ status: 'applied', version: 2 })
    await scene.until('Alex has it', () => alex.view().rows.get(key)?.['version'] === 2)

    alex.device.disconnect()
    const his = alex.tab.sync.write('songs', { op: 'update', key, patch: { title: 'Song B', tempo_bpm: 90 } })
    await sarah.tab.sync.write('songs', { op: 'update', key, patch: { title: 'Song A' } }).settled
    alex.device.connect()
    // The tempo merges, the title asks, whoever's clock is ahead.
    await expect(his.settled).resolves.toMatchObject({ status: 'conflict', fields: ['title'], version: 4 })
    await scene.until('both show the same', () =>
      [sarah, alex].every(({ view }) => view().rows.get(key)?.['tempo_bpm'] === 90 && titles(view())[0] === 'Song A'),
    )
    expect(scene.server.row('songs', key)).toMatchObject({ title: 'Song A', tempo_bpm: 90, version: 4 })
  },
)
