import { act, cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'
import { BAND, devicesOf, SARAH, Scene, watch } from '../testkit/scene'
import { SyncContext } from './context'
import { useHistory } from './history'

const [CHAT, OTHER_CHAT] = ['00000000-0000-4000-8000-00000000c001', '00000000-0000-4000-8000-00000000c002']
const { open, closeAll } = devicesOf()
afterEach(async () => {
  cleanup()
  await closeAll()
})

function Messages({ bandId = BAND }: { bandId?: string }) {
  const history = useHistory('messages', bandId, bandId === BAND ? CHAT : undefined)
  const { rows, hasOlder, status } = history
  return (
    <>
      <output>{`${status}: ${rows.length}, ${rows[0]?.body ?? '-'} to ${rows.at(-1)?.body ?? '-'}`}</output>
      {hasOlder ? <button onClick={() => history.loadOlder()}>Older</button> : null}
    </>
  )
}

/** A conversation of so many messages, a second apart, beside another one. */
async function chatOf(count: number) {
  const scene = new Scene()
  const say = (n: number, conversation = CHAT) =>
    scene.server.seed('messages', {
      id: `00000000-0000-4000-8000-${String(n).padStart(8, '0')}${conversation.slice(-4)}`,
      band_id: BAND,
      conversation_id: conversation,
      body: `#${n}`,
      created_at: new Date(scene.clock.now() - 1_000_000 + n * 1_000).toISOString(),
    })
  for (let n = 1; n <= count; n++) say(n)
  say(1, OTHER_CHAT)
  const tab = open(scene, SARAH).open()
  const { view } = watch(tab, { entity: 'messages', scope: BAND })
  await scene.until('live', () => view().status === 'ready')
  render(
    <SyncContext value={tab.sync}>
      <Messages />
    </SyncContext>,
  )
  const shown = () => screen.getByRole('status').textContent
  const shows = (words: string) => act(() => scene.until(`it shows ${words}`, () => shown() === words))
  // The rows stand in the shape a moment before the query says that there are more.
  const older = async () => {
    const button = await screen.findByRole('button', { name: 'Older' })
    act(() => button.click())
  }
  return { scene, tab, say, shown, shows, older }
}

test('history begins with the newest hundred of its group, and older ones join page by page', async () => {
  const { shows, older } = await chatOf(250)
  await shows('ready: 100, #250 to #151')
  await older()
  await shows('ready: 200, #250 to #51')
  await older()
  await shows('ready: 250, #250 to #1')
  expect(screen.queryByRole('button', { name: 'Older' })).toBeNull()
})

test('what arrives live and what is written here stand on top of what was loaded, each once', async () => {
  const { say, tab, shows, shown } = await chatOf(20)
  await shows('ready: 20, #20 to #1')
  say(21)
  await shows('ready: 21, #21 to #1')
  say(1, OTHER_CHAT)
  const made = tab.sync.write('messages', {
    op: 'insert',
    values: { band_id: BAND, conversation_id: CHAT, body: 'mine' },
  })
  await shows('ready: 22, mine to #1')
  await act(() => made.settled)
  expect(shown()).toBe('ready: 22, mine to #1')
})

test('after the log began anew the first page is fetched again, and nothing is doubled', async () => {
  const { scene, shows, older } = await chatOf(150)
  await shows('ready: 100, #150 to #51')
  await older()
  await shows('ready: 150, #150 to #1')
  act(() => scene.server.rotate('messages'))
  await shows('ready: 100, #150 to #51')
})

test('nothing is asked about a band that was made here until the server knows it: the history door would refuse', async () => {
  const scene = new Scene()
  const device = open(scene, SARAH)
  const asked: string[] = []
  // The band cannot be sent yet, and everything else passes.
  let isBorn = false
  device.fate = (url) => {
    if (url.includes('/api/history/')) asked.push(url)
    return !isBorn && url.includes('/api/writes') ? 'lost' : 'pass'
  }
  const tab = device.open()
  await scene.until('live', () => tab.sync.connection.read().kind === 'live')
  const band = tab.sync.write('bands', { op: 'insert', values: { name: 'New' } })
  const { view } = watch(tab, { entity: 'messages', scope: band.key })
  await scene.until('it stands on this device', () => view().status === 'ready')
  render(
    <SyncContext value={tab.sync}>
      <Messages bandId={band.key} />
    </SyncContext>,
  )
  await act(() => scene.clock.advance(5_000))
  expect(asked).toEqual([])
  isBorn = true
  await act(() => scene.until('it is born and asked', () => asked.length > 0))
  expect(tab.sync.outbox.read().filter(({ state }) => state !== 'saved')).toEqual([])
})
