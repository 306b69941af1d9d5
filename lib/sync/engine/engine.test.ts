import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newKey } from '@/lib/entity/keys'
import { turn } from '../testkit/fake-clock'
import type { Fate } from '../testkit/fake-device'
import { ALEX, BAND, devicesOf, SARAH, Scene, SONGS, outboxOf, statusOf, titles, watch } from '../testkit/scene'

const KEY = '00000000-0000-4000-8000-000000000101'
const { open, closeAll } = devicesOf()
afterEach(closeAll)
// A killed tab's storage goes away under it, which it says.
beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => undefined))

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

test('R-TEST-01 a write is sent within a second, syncing and then synced, once each', async () => {
  const { scene, tab } = await ready()
  const sentAt: number[] = []
  const device = tab.device
  device.fate = (url) => {
    if (url.endsWith('/api/writes')) sentAt.push(scene.clock.now())
    return 'pass'
  }
  const source = tab.sync.rowStatus('songs', KEY)
  const seen = [source.read()]
  const stop = source.subscribe(() => {
    if (seen.at(-1) !== source.read()) seen.push(source.read())
  })
  const madeAt = scene.clock.now()
  tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } })
  await scene.until('saved', () => outboxOf(tab).length === 0 && seen.length > 1)
  expect(seen).toEqual(['synced', 'syncing', 'synced'])
  expect(sentAt).toHaveLength(1)
  expect((sentAt[0] ?? Infinity) - madeAt).toBeLessThan(1_000)
  stop()
})

test('R-TEST-02 a failed attempt while live keeps the row and says error, and the retry succeeds', async () => {
  const { scene, tab, view } = await ready()
  let failures = 2
  tab.device.fate = (url) => (url.endsWith('/api/writes') && failures-- > 0 ? 'server-error' : 'pass')
  tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } })
  await scene.until('the attempt failed', () => statusOf(tab, 'songs', KEY) === 'error')
  expect(tab.sync.connection.read().kind).toBe('live')
  expect(titles(view())).toEqual(['Creep'])
  await scene.until('the retry succeeded', () => outboxOf(tab).length === 0)
  expect(statusOf(tab, 'songs', KEY)).toBe('synced')
  expect(scene.server.row('songs', KEY)?.['title']).toBe('Creep')
})

test('O6 a refusal rolls back exactly that write, in the same frame, and the refused list says why', async () => {
  const { scene, tab, view } = await ready()
  scene.server.refuses = (write) =>
    'patch' in write && write.patch?.['title'] === 'Bad' ? { code: 'forbidden', message: 'not you' } : null
  const good = tab.sync.write('songs', { op: 'update', key: KEY, patch: { artist: 'Oasis' } })
  const bad = tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Bad' } })
  expect(titles(view())).toEqual(['Bad'])
  await expect(bad.settled).rejects.toMatchObject({ code: 'forbidden', message: 'not you' })
  expect(titles(view())).toEqual(['Wonderwall'])
  await expect(good.settled).resolves.toMatchObject({ status: 'applied' })
  expect(view().rows.get(KEY)).toMatchObject({ artist: 'Oasis', title: 'Wonderwall' })
  expect(outboxOf(tab).filter(({ state }) => state === 'refused')).toMatchObject([
    { key: KEY, reason: { message: 'not you' } },
  ])
  expect(statusOf(tab, 'songs', KEY)).toBe('error')
  tab.sync.discard(bad.id)
  await scene.until('given up', () => outboxOf(tab).length === 0)
  expect(statusOf(tab, 'songs', KEY)).toBe('synced')
})

test('O17 a write whose answer was lost, or that arrived twice, is applied once', async () => {
  const { scene, tab } = await ready()
  const fates: Fate[] = ['answer-lost', 'twice']
  tab.device.fate = (url) => (url.endsWith('/api/writes') ? (fates.shift() ?? 'pass') : 'pass')
  const made = tab.sync.write('songs', { op: 'insert', values: { band_id: BAND, title: 'Creep' } })
  await scene.until('answered', () => outboxOf(tab).every(({ state }) => state === 'refused'))
  await expect(made.settled).resolves.toMatchObject({ status: 'applied', version: 1 })
  expect([...scene.server.applications].filter(([, times]) => times !== 1)).toEqual([])
  expect(scene.server.applications.get(made.id)).toBe(1)
  expect(scene.server.row('songs', made.key)).toMatchObject({ title: 'Creep', version: 1 })
})

test('O7 a corrected write goes out again with what waited behind it', async () => {
  const { scene, tab } = await ready()
  scene.server.refuses = ({ op, ...write }) =>
    op === 'insert' && 'values' in write && write.values['title'] === 'Bad'
      ? { code: 'invalid', message: 'bad title' }
      : null
  const insert = tab.sync.write('songs', { op: 'insert', values: { band_id: BAND, title: 'Bad' } })
  const update = tab.sync.write('songs', { op: 'update', key: insert.key, patch: { artist: 'Oasis' } })
  await scene.until('refused', () => outboxOf(tab).some(({ state }) => state === 'refused'))
  expect(outboxOf(tab).map(({ state }) => state)).toEqual(['refused', 'held'])
  tab.sync.edit(insert.id, { title: 'Good' })
  await expect(update.settled).resolves.toMatchObject({ status: 'applied' })
  expect(scene.server.row('songs', insert.key)).toMatchObject({ title: 'Good', artist: 'Oasis' })
})

test('two people who change one title both see the question; the decision ends it for both', async () => {
  const { scene, tab } = await ready()
  const alex = open(scene, ALEX).open()
  const other = watch(alex, SONGS)
  await scene.until('Alex sees it', () => other.view().status === 'ready')
  tab.device.disconnect()
  const mine = tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Song A' } })
  await alex.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Song B' } }).settled
  tab.device.connect()
  await expect(mine.settled).resolves.toMatchObject({ status: 'conflict', fields: ['title'] })
  await scene.until('both have the question', () =>
    [tab, alex].every((each) => statusOf(each, 'songs', KEY) === 'conflict'),
  )
  await scene.until('what stands is shown', () => titles(tab.sync.shape(SONGS).read()).join() === 'Song B')
  const [question] = tab.sync.shape({ entity: 'conflicts', scope: BAND }).read().rows.values()
  expect(question).toMatchObject({
    field: 'title',
    current_value: 'Song B',
    offered_value: 'Song A',
    offered_by: SARAH,
  })
  scene.server.write(
    {
      userId: ALEX,
      writes: [
        {
          id: newKey(),
          entity: 'conflicts',
          op: 'update',
          key: String(question?.['id'] as string),
          patch: { decision: 'current' },
        },
      ],
    },
    ALEX,
  )
  // Alex changed the title: Sarah has not looked at that yet.
  await scene.until(
    'both are at peace',
    () => [tab, alex].map((each) => statusOf(each, 'songs', KEY)).join() === 'unread,synced',
  )
})

test('C4 the browser’s own word that it is offline changes nothing, its word that it is online ends every wait', async () => {
  const { scene, tab } = await ready()
  tab.page('offline')
  expect(tab.sync.connection.read().kind).toBe('live')
  tab.device.fate = (url) => (url.endsWith('/api/writes') ? 'server-error' : 'pass')
  tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } })
  await scene.until('several attempts failed', () => (outboxOf(tab)[0]?.attempts ?? 0) >= 4)
  tab.device.fate = () => 'pass'
  const { nextRetryAt } = tab.sync.connection.read()
  tab.page('online')
  await scene.until('sent before its time', () => tab.sync.connection.read().unsentCount === 0)
  expect(scene.clock.now()).toBeLessThan(nextRetryAt ?? 0)
})

test('B4 without usable storage everything works in memory, and it is said', async () => {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const tab = open(scene, SARAH, { userId: SARAH }, { hasStorage: false }).open()
  const { view } = watch(tab, SONGS)
  await scene.until('the song is there', () => titles(view()).length === 1)
  expect(tab.sync.connection.read().durability).toBe('nowhere')
  await tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } }).settled
  await scene.until('confirmed', () => outboxOf(tab).length === 0)
  expect(titles(view())).toEqual(['Creep'])
})

test('B4 when the disk is full a write is still shown and sent, and it is said that it is not stored', async () => {
  const { scene, tab, view } = await ready()
  tab.device.isFull = true
  const made = tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } })
  expect(titles(view())).toEqual(['Creep'])
  await scene.until('it is said', () => tab.sync.connection.read().durability === 'full')
  await expect(made.settled).resolves.toMatchObject({ status: 'applied' })
  await scene.until('and confirmed', () => outboxOf(tab).length === 0)
  expect(view().rows.get(KEY)).toEqual(scene.server.row('songs', KEY))
})

test('P3 a membership that is gone closes its container and deletes what was cached of it', async () => {
  const { scene, tab, view } = await ready()
  const member = [...(scene.server.tables.get('band_members')?.values() ?? [])].find((row) => row['user_id'] === SARAH)
  scene.server.remove('band_members', String(member?.['id'] as string))
  await scene.until('refused', () => view().status === 'refused')
  expect(view().rows.size).toBe(0)
  await scene.clock.advance(5_000)
  tab.device.disconnect()
  tab.kill()
  const again = tab.device.open()
  const later = watch(again, SONGS)
  await scene.clock.advance(2_000)
  expect(later.view().rows.size).toBe(0)
})

test('S10 a complete shape shows whole transactions, however the server cuts them', async () => {
  const { scene, tab, view } = await ready()
  const OTHER = KEY.replace('101', '102')
  scene.song(OTHER, 'Wonderwall')
  await scene.until('both are there', () => view().rows.size === 2)
  await scene.clock.advance(2_000)
  tab.device.disconnect()
  scene.server.chunkMax = 1
  for (const key of [KEY, OTHER]) {
    scene.server.write(
      { userId: ALEX, writes: [{ id: newKey(), entity: 'songs', op: 'update', key, patch: { title: 'Creep' } }] },
      ALEX,
    )
  }
  tab.kill()
  const again = tab.device.open()
  const { view: later, views } = watch(again, SONGS)
  await scene.until('painted from the cache', () => later().rows.size === 2)
  tab.device.connect()
  await scene.until('caught up', () => titles(later()).join() === 'Creep,Creep')
  expect(views.map(titles).filter((each) => each.join() === 'Creep,Wonderwall')).toEqual([])
})

test('O14 a session that ends stops everything and keeps the writes; when it is back they go out', async () => {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const session: { userId: string | null } = { userId: SARAH }
  const tab = open(scene, SARAH, session).open()
  const { view } = watch(tab, SONGS)
  await scene.until('ready', () => view().status === 'ready')
  session.userId = null
  tab.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } })
  await scene.until('signed out', () => tab.sync.connection.read().kind === 'signed-out')
  expect(tab.sync.connection.read().unsentCount).toBe(1)
  // Somebody else signs in under it: still nothing is sent.
  session.userId = ALEX
  await scene.clock.advance(60_000)
  expect(scene.server.row('songs', KEY)?.['title']).toBe('Wonderwall')
  session.userId = SARAH
  await scene.until('sent', () => tab.sync.connection.read().unsentCount === 0)
  expect(scene.server.row('songs', KEY)).toMatchObject({ title: 'Creep', updated_by: SARAH })
})

test('what was unread is read on all devices of a person once one of them looks', async () => {
  const { scene, tab } = await ready()
  const phone = open(scene, SARAH).open()
  watch(phone, SONGS)
  const alex = open(scene, ALEX).open()
  watch(alex, SONGS)
  await scene.until('Alex sees it', () => alex.sync.row(SONGS, KEY).read() !== null)
  await alex.sync.write('songs', { op: 'update', key: KEY, patch: { artist: 'Oasis' } }).settled
  await scene.until('unread on both', () => [tab, phone].every((each) => statusOf(each, 'songs', KEY) === 'unread'))
  expect(statusOf(alex, 'songs', KEY)).toBe('synced')
  const row = tab.sync.row(SONGS, KEY).read()
  tab.sync.markRead('songs', row ?? {})
  await scene.until('read on both', () => [tab, phone].every((each) => statusOf(each, 'songs', KEY) === 'synced'))
})

test('what was read is never called unread while a tab opens, in the first tab or in another beside it', async () => {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const device = open(scene, SARAH)
  const before = device.open()
  const { view } = watch(before, SONGS)
  await scene.until('unread', () => view().status === 'ready' && statusOf(before, 'songs', KEY) === 'unread')
  before.sync.markRead('songs', view().rows.get(KEY) ?? expect.unreachable('no song'))
  await scene.until('read', () => statusOf(before, 'songs', KEY) === 'synced' && outboxOf(before).length === 0)
  await before.sync.close()

  for (const tab of [device.open(), device.open()]) {
    const shown = watch(tab, SONGS)
    const told: string[] = []
    const status = tab.sync.rowStatus('songs', KEY)
    status.subscribe(() => told.push(status.read()))
    await scene.until('it shows the song', () => shown.view().status === 'ready')
    await scene.clock.advance(2_000)
    expect(told).not.toContain('unread')
    expect(status.read()).toBe('synced')
  }
})

async function ready() {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const tab = open(scene, SARAH).open()
  const { view } = watch(tab, SONGS)
  await scene.until('live', () => view().status === 'ready' && tab.sync.connection.read().kind === 'live')
  // What arrived before is stored by now, and the song was looked at.
  await scene.clock.advance(500)
  tab.sync.markRead('songs', view().rows.get(KEY) ?? {})
  await scene.until('nothing waits', () => outboxOf(tab).length === 0)
  return { scene, tab, view }
}

test('a tab that closes while it starts leaves storage without a word', async () => {
  const scene = new Scene()
  const warned = vi.mocked(console.warn).mockClear()
  const device = open(scene, SARAH)
  // React mounts twice in development: the first layer ends at any step of its beginning.
  for (let steps = 0; steps < 20; steps++) {
    const tab = device.open()
    watch(tab, SONGS)
    for (let step = 0; step < steps; step++) await turn()
    await tab.sync.close()
  }
  for (let step = 0; step < 20; step++) await turn()
  expect(warned.mock.calls).toEqual([])
})
