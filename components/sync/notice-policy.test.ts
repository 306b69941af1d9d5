import { expect, test } from 'vitest'
import { NO_NOTICES, notice, type Notice, type NoticeContext, type SeenChange } from './notice-policy'

const change: SeenChange = {
  id: 'change-1',
  entity: 'songs',
  op: 'insert',
  summary: 'Wonderwall',
  actorId: 'sarah',
  clientId: 'laptop',
}
const here: NoticeContext = {
  now: 1_000_000,
  userId: 'alex',
  clientId: 'phone',
  isCatchingUp: false,
  nameOf: (id) => (id === 'sarah' ? 'Sarah' : 'Noah'),
}

function titles(steps: [Partial<SeenChange>, Partial<NoticeContext>][]): (string | null)[] {
  let state = NO_NOTICES
  return steps.map(([changed, context]) => {
    const [next, result] = notice(state, { ...change, ...changed }, { ...here, ...context })
    state = next
    return titleOf(result)
  })
}

function titleOf(result: Notice): string | null {
  return result.kind === 'show' ? result.title : null
}

test('a bandmate’s change says who did what to which', () => {
  const [, shown] = notice(NO_NOTICES, change, here)
  expect(shown).toMatchObject({ title: 'Sarah added a song', detail: 'Wonderwall', actorId: 'sarah' })
})

test('what was done here is silent, what was done on my other device is told', () => {
  expect(titles([[{ actorId: 'alex', clientId: 'phone' }, {}]])).toEqual([null])
  expect(titles([[{ actorId: 'alex', clientId: 'laptop' }, {}]])).toEqual(['You added a song on another device'])
})

test('the client decides whose change it is, not the user', () => {
  expect(titles([[{ actorId: 'sarah', clientId: 'phone' }, {}]])).toEqual([null])
})

test('changes of one person within five seconds become one toast', () => {
  const at = (ms: number) => ({ now: here.now + ms })
  expect(
    titles([
      [{ id: '1' }, at(0)],
      [{ id: '2', op: 'update' }, at(4_000)],
      [{ id: '3', op: 'delete', actorId: 'noah' }, at(4_500)],
      [{ id: '4' }, at(8_900)],
      [{ id: '5' }, at(20_000)],
    ]),
  ).toEqual([
    'Sarah added a song',
    '2 changes by Sarah',
    'Noah deleted a song',
    '3 changes by Sarah',
    'Sarah added a song',
  ])
})

test('more than five in ten seconds pause, and the quiet ends the pause', () => {
  const flood = Array.from({ length: 8 }, (_, index): [Partial<SeenChange>, Partial<NoticeContext>] => [
    { id: String(index), actorId: `person-${index}` },
    { now: here.now + index * 100 },
  ])
  const shown = titles([...flood, [{ id: 'later' }, { now: here.now + 30_000 }]])
  expect(shown.map((title) => title !== null)).toEqual([true, true, true, true, true, false, false, false, true])
})

test('what happened while this device was away is one summary', () => {
  expect(
    titles([
      [{ id: '1' }, { isCatchingUp: true }],
      [{ id: '2', actorId: 'noah' }, { isCatchingUp: true }],
    ]),
  ).toEqual(['One change while you were away', '2 changes while you were away'])
})

test('entities that ask for no notice get none, unknown ones neither', () => {
  expect(titles([[{ entity: 'messages' }, {}]])).toEqual([null])
  expect(titles([[{ entity: '__proto__' }, {}]])).toEqual([null])
})
