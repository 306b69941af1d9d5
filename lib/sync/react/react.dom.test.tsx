import { act, cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'
import { BAND, devicesOf, SARAH, Scene, SONGS, watch } from '../testkit/scene'
import type { FakeTab } from '../testkit/fake-device'
import { SyncContext } from './context'
import { useRow, useRows, useRowStatus } from './rows'
import { useConnection, useOutbox } from './state'
import { useWrite } from './write'
// Here before time begins: a clock that tests move waits for no file.
import './write-observer'

const [ONE, TWO] = ['00000000-0000-4000-8000-000000000101', '00000000-0000-4000-8000-000000000102']
const { open, closeAll } = devicesOf()
afterEach(async () => {
  cleanup()
  await closeAll()
})

async function ready() {
  const scene = new Scene()
  scene.song(ONE, 'Wonderwall')
  scene.song(TWO, 'Creep')
  const tab = open(scene, SARAH).open()
  const { view } = watch(tab, SONGS)
  await scene.until('live', () => view().status === 'ready' && tab.sync.connection.read().kind === 'live')
  return { scene, tab }
}

function show(tab: FakeTab, children: React.ReactNode) {
  return render(<SyncContext value={tab.sync}>{children}</SyncContext>)
}

const renders = new Map<string, number>()
function Song({ id }: { id: string }) {
  const song = useRow('songs', BAND, id)
  renders.set(id, (renders.get(id) ?? 0) + 1)
  return <li data-testid={id}>{song?.title}</li>
}

test('only the component that shows a row renders again when it changes', async () => {
  const { scene, tab } = await ready()
  renders.clear()
  show(
    tab,
    [ONE, TWO].map((id) => <Song key={id} id={id} />),
  )
  const before = new Map(renders)
  await act(async () => {
    tab.sync.write('songs', { op: 'update', key: ONE, patch: { title: 'Champagne' } })
    await scene.clock.advance(500)
  })
  expect(screen.getByTestId(ONE).textContent).toBe('Champagne')
  expect(renders.get(ONE)).toBeGreaterThan(before.get(ONE) ?? 0)
  expect(renders.get(TWO)).toBe(before.get(TWO))
})

const BY_TITLE = {
  where: (row: { title: string }) => row.title !== 'Creep',
  orderBy: (a: { title: string }, b: { title: string }) => a.title.localeCompare(b.title),
}
function Songs() {
  const { rows, status } = useRows('songs', BAND, BY_TITLE)
  const rowStatus = useRowStatus('songs', ONE)
  const connection = useConnection()
  const outbox = useOutbox()
  const { insert, update, mutation } = useWrite('songs')
  return (
    <>
      <output>
        {[
          rows.map(({ title }) => title).join('+'),
          status,
          rowStatus,
          connection.kind,
          outbox.pendingCount,
          mutation.status,
        ].join(' ')}
      </output>
      <p role="alert">{mutation.error?.message}</p>
      <button onClick={() => insert({ band_id: BAND, title: 'Animal Nitrate' })}>Add</button>
      <button onClick={() => update(ONE, { title: 'Nope' })}>Retitle</button>
    </>
  )
}

test('a write shows in the same frame and its mutation settles when the outbox does', async () => {
  const { scene, tab } = await ready()
  show(tab, <Songs />)
  expect(screen.getByRole('status').textContent).toMatch(/^Wonderwall ready \w+ live 0 idle$/)
  act(() => screen.getByRole('button', { name: 'Add' }).click())
  expect(screen.getByRole('status').textContent).toMatch(/^Animal Nitrate\+Wonderwall ready \w+ live 1/)
  await act(() => scene.clock.advance(1_000))
  expect(screen.getByRole('status').textContent).toMatch(/^Animal Nitrate\+Wonderwall ready \w+ live 0 success$/)
})

test('a refused write is the mutation’s error, and the outbox holds it with the reason', async () => {
  const { scene, tab } = await ready()
  scene.server.refuses = () => ({ code: 'forbidden', message: 'Only owners may do that.' })
  show(tab, <Songs />)
  act(() => screen.getByRole('button', { name: 'Retitle' }).click())
  expect(screen.getByRole('status').textContent).toContain('Nope')
  await act(() => scene.clock.advance(1_000))
  expect(screen.getByRole('status').textContent).toMatch(/^Wonderwall ready error live 0 error$/)
  expect(screen.getByRole('alert').textContent).toBe('Only owners may do that.')
})
