import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { newKey } from '@/lib/entity/keys'
import { BAND, devicesOf, outboxOf, SARAH, Scene, SONGS, statusOf, titles, watch } from '../testkit/scene'

const KEY = '00000000-0000-4000-8000-000000000101'
const { open, closeAll } = devicesOf()
afterEach(closeAll)
// A killed tab's storage goes away under it, which it says.
beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => undefined))

async function twoTabs() {
  const scene = new Scene()
  scene.song(KEY, 'Wonderwall')
  const session = { userId: SARAH as string | null }
  const device = open(scene, SARAH, session)
  const leader = device.open()
  const [shownByLeader, isSynced] = [watch(leader, SONGS), () => leader.sync.connection.read().kind === 'live']
  await scene.until('the first leads', () => shownByLeader.view().status === 'ready' && isSynced())
  const follower = device.open()
  const shownByFollower = watch(follower, SONGS)
  await scene.until('the second shows it', () => shownByFollower.view().status === 'ready')
  await scene.clock.advance(200)
  return { scene, session, device, leader, follower, shownByLeader, shownByFollower }
}

test('T6 a follower shows what arrives, what is written and how it stands, like the leader', async () => {
  const { scene, leader, follower, shownByLeader, shownByFollower } = await twoTabs()
  const told: string[][] = [leader, follower].map(() => [])
  for (const [index, tab] of [leader, follower].entries()) {
    tab.sync.observe((event) => event.kind === 'change' && told[index]?.push(`${event.op} ${event.entity}`))
  }
  let requests = 0
  const { fate } = leader.device
  leader.device.fate = (url) => (requests++, fate(url))
  scene.song(KEY.replace('101', '102'), 'Creep')
  await scene.until('both show the news', () =>
    [shownByLeader, shownByFollower].every(({ view }) => titles(view()).join() === 'Creep,Wonderwall'),
  )
  expect(requests).toBe(0)
  expect(told).toEqual([['insert songs'], ['insert songs']])
  leader.device.disconnect()
  await scene.until('both are offline', () =>
    [leader, follower].every(({ sync }) => sync.connection.read().kind === 'offline'),
  )
  follower.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Champagne' } })
  await scene.until('both show the write', () =>
    [shownByLeader, shownByFollower].every(({ view }) => titles(view()).join() === 'Champagne,Creep'),
  )
  for (const tab of [leader, follower]) {
    expect(statusOf(tab, 'songs', KEY)).toBe('pending')
    expect(tab.sync.connection.read().unsentCount).toBe(1)
  }
  leader.device.connect()
  await scene.until('both are done', () => [leader, follower].every((tab) => outboxOf(tab).length === 0))
  expect(shownByFollower.view().rows.get(KEY)).toEqual(scene.server.row('songs', KEY))
  expect(scene.server.row('songs', KEY)).toMatchObject({ title: 'Champagne', version: 2 })
})

test('T6 a follower says why a write is stuck and when it is tried again, like the leader', async () => {
  const { scene, device, leader, follower } = await twoTabs()
  device.fate = (url) => (url.endsWith('/api/writes') ? 'server-error' : 'pass')
  follower.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Champagne' } })
  await scene.until('the leader says so', () => leader.sync.connection.read().stuck?.kind === 'failing')
  await scene.clock.advance(100)
  const { stuck, nextRetryAt } = leader.sync.connection.read()
  expect(nextRetryAt).not.toBeNull()
  expect(follower.sync.connection.read()).toMatchObject({ stuck, nextRetryAt })
})

test('T7 who takes over from a leader that was signed out asks at once whether the session is back', async () => {
  const { scene, leader, follower, session } = await twoTabs()
  session.userId = null
  leader.sync.wake()
  scene.song(KEY.replace('101', '102'), 'Creep')
  await scene.until('both are signed out', () =>
    [leader, follower].every(({ sync }) => sync.connection.read().kind === 'signed-out'),
  )
  session.userId = SARAH
  leader.kill()
  await scene.until('it is live again', () => follower.sync.connection.read().kind === 'live', 5_000)
})

test('T7 a killed leader is replaced at once, and what it had sent is applied once', async () => {
  const { scene, leader, follower, shownByFollower } = await twoTabs()
  leader.device.fate = (url) => (url.endsWith('/api/writes') ? 'answer-lost' : 'pass')
  const made = leader.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Champagne' } })
  await scene.until('applied, unheard', () => scene.server.applications.get(made.id) === 1)
  leader.device.fate = () => 'pass'
  const killedAt = scene.clock.now()
  leader.kill()
  await scene.until('the follower sent it again', () => outboxOf(follower).length === 0)
  expect(scene.clock.now() - killedAt).toBeLessThan(2_000)
  expect(scene.server.applications.get(made.id)).toBe(1)
  await scene.until('and shows it', () => titles(shownByFollower.view()).join() === 'Champagne')
  scene.song(KEY.replace('101', '102'), 'Creep')
  await scene.until('and streams', () => titles(shownByFollower.view()).join() === 'Champagne,Creep')
})

test('T7 a frozen leader loses the lock within about a second, and changes nothing when it thaws', async () => {
  const { scene, leader, follower, shownByLeader, shownByFollower } = await twoTabs()
  const roles: boolean[] = []
  follower.sync.observe((event) => event.kind === 'leader' && roles.push(event.isLeader))
  leader.freeze()
  const made = follower.sync.write('songs', { op: 'insert', values: { band_id: BAND, title: 'Creep' } })
  const frozenAt = scene.clock.now()
  await scene.until('the follower leads', () => roles.at(-1) === true)
  expect(scene.clock.now() - frozenAt).toBeLessThan(2_000)
  await scene.until('sent', () => outboxOf(follower).length === 0)
  leader.thaw()
  await scene.until('the former leader follows', () => titles(shownByLeader.view()).join() === 'Creep,Wonderwall')
  await scene.clock.advance(2_000)
  expect(scene.server.applications.get(made.id)).toBe(1)
  expect(roles).toEqual([true])
  expect(titles(shownByFollower.view())).toEqual(['Creep', 'Wonderwall'])
})

test('T5 a leader that is hidden hands over to the tab a person looks at', async () => {
  const { scene, leader, follower } = await twoTabs()
  const roles: string[] = []
  leader.sync.observe((event) => event.kind === 'leader' && roles.push(`first ${event.isLeader}`))
  follower.sync.observe((event) => event.kind === 'leader' && roles.push(`second ${event.isLeader}`))
  leader.isVisible = false
  await scene.until('handed over', () => roles.includes('second true'))
  expect(roles).toEqual(['first false', 'second true'])
})

// Found by the model test: seeds 518915650 (the write stayed on its way for ever) and -431584736 (its row counted down).
test('T6 a tab that opens at any moment of a write’s way neither keeps it nor shows the row of before', async () => {
  for (let turns = 0; turns <= 160; turns += 10) {
    const scene = new Scene()
    scene.song(KEY, 'Wonderwall')
    const session = { userId: SARAH as string | null }
    const device = open(scene, SARAH, session)
    const leader = device.open()
    const shown = watch(leader, SONGS)
    await scene.until(
      'the first leads',
      () => shown.view().status === 'ready' && leader.sync.connection.read().kind === 'live',
    )
    await scene.clock.advance(300)
    leader.sync.write('songs', { op: 'update', key: KEY, patch: { title: 'Creep' } })
    await scene.clock.advance(turns)
    const follower = device.open()
    const { views, view } = watch(follower, SONGS)
    await scene.clock.advance(3_000)
    expect({ turns, outbox: outboxOf(follower) }).toEqual({ turns, outbox: [] })
    expect(titles(view())).toEqual(['Creep'])
    const versions = views.flatMap(({ rows }) => Number(rows.get(KEY)?.['version'] ?? []))
    expect({ turns, versions }).toEqual({ turns, versions: versions.toSorted((a, b) => a - b) })
    await closeAll()
  }
})

test('a tab that ended tells the others nothing more, whoever stops reading afterwards', async () => {
  const complaints = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const scene = new Scene()
  const session = { userId: SARAH as string | null }
  const device = open(scene, SARAH, session)
  const [tab, other] = [device.open(), device.open()]
  const { view, stop } = watch(tab, SONGS)
  const { view: viewOfOther } = watch(other, SONGS)
  await scene.until('both are ready', () => [view, viewOfOther].every((each) => each().status === 'ready'))
  await tab.sync.close()
  stop()
  // A shape lingers for some seconds after its last reader left.
  await scene.clock.advance(10_000)
  expect(complaints.mock.calls).toEqual([])
})

test('T6 a follower that cannot read what the leader stored is told it by the leader', async () => {
  const { scene, device, shownByLeader, shownByFollower } = await twoTabs()
  device.isUnreadable = true
  // More than is sent from tab to tab unasked: followers read it from the cache.
  const many = Array.from({ length: 600 }, (_, index) => `Song ${index}`)
  for (const title of many) scene.song(newKey(), title)
  await scene.until('the leader shows them', () => titles(shownByLeader.view()).length === 601)
  await scene.until('the follower shows them', () => titles(shownByFollower.view()).length === 601)
})

test('T7 a page of history that was loaded while nobody led stays on screen', async () => {
  const { scene, leader, follower } = await twoTabs()
  const chat = KEY.replace('101', 'c01')
  for (const n of [1, 2, 3]) {
    const id = KEY.replace('101', `90${n}`)
    const at = new Date(scene.clock.now() - 10_000 + n).toISOString()
    scene.server.seed('messages', { id, band_id: BAND, conversation_id: chat, body: `#${n}`, created_at: at })
  }
  const [, shown] = [leader, follower].map((tab) => watch(tab, { entity: 'messages', scope: BAND }))
  await scene.until('the conversation is open', () => shown?.view().status === 'ready')
  leader.kill()
  await follower.sync.historyPage({ entity: 'messages', scope: BAND, group: chat }, null)
  await scene.until('the other one leads', () => follower.sync.connection.read().kind === 'live')
  await scene.clock.advance(5_000)
  expect(shown?.view().rows.size).toBe(3)
})
