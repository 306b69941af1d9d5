import { expect, test, vi } from 'vitest'
import type { StoredViewer } from './stored-viewer'
import { isOutage } from './respond'
import { PATIENCE_MS, ViewerQueue } from './viewer-queue'

const stored = (user_id: string): StoredViewer => ({
  session_version: 1,
  viewer: { user_id, bands: new Map(), projects: new Map() },
})

/** A reader of many whose queries end when the test says so. */
function scripted() {
  const queries: { userIds: readonly string[]; end: () => void; fail: (error: Error) => void }[] = []
  let begun = () => {}
  const nextQuery = () => new Promise<void>((resolve) => (begun = resolve))
  const queue = new ViewerQueue(
    (userIds) =>
      new Promise((resolve, reject) => {
        queries.push({ userIds, end: () => resolve(new Map(userIds.map((id) => [id, stored(id)]))), fail: reject })
        begun()
      }),
  )
  return { queue, queries, nextQuery }
}

test('checks asked for in one breath are one query', async () => {
  const { queue, queries, nextQuery } = scripted()
  const begun = nextQuery()
  const answers = Promise.all(['a', 'b', 'a'].map((id) => queue.read(id)))
  await begun
  queries[0]?.end()
  expect((await answers).map((each) => each?.viewer.user_id)).toEqual(['a', 'b', 'a'])
  expect(queries.map(({ userIds }) => userIds)).toEqual([['a', 'b']])
})

test('a check never joins a query that is already running', async () => {
  const { queue, queries, nextQuery } = scripted()
  let begun = nextQuery()
  const first = queue.read('a')
  await begun
  begun = nextQuery()
  const second = queue.read('a')
  await begun
  expect(queries).toHaveLength(2)
  queries[1]?.end()
  await second
  queries[0]?.end()
  await first
})

test('while as many run as may, everyone else waits in one query', async () => {
  const { queue, queries, nextQuery } = scripted()
  for (const id of ['1', '2', '3', '4']) {
    const begun = nextQuery()
    void queue.read(id)
    await begun
  }
  const waiting = Promise.all([queue.read('x'), queue.read('y')])
  await new Promise(setImmediate)
  expect(queries).toHaveLength(4)
  const begun = nextQuery()
  queries[2]?.end()
  await begun
  expect(queries[4]?.userIds).toEqual(['x', 'y'])
  queries[4]?.end()
  await waiting
})

test('a failed query fails those who joined it and nobody later', async () => {
  const { queue, queries, nextQuery } = scripted()
  let begun = nextQuery()
  const first = queue.read('a')
  const failure = expect(first).rejects.toThrow('gone')
  await begun
  queries[0]?.fail(new Error('gone'))
  await failure
  begun = nextQuery()
  const second = queue.read('a')
  await begun
  queries[1]?.end()
  expect(await second).toBeDefined()
})

test('a query that hangs fails as an outage and makes room for others', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const { queue, queries, nextQuery } = scripted()
    const hanging: Promise<unknown>[] = []
    for (const id of ['1', '2', '3', '4']) {
      const begun = nextQuery()
      hanging.push(queue.read(id).catch((error: unknown) => error))
      await begun
    }
    const waiting = queue.read('x')
    const begun = nextQuery()
    vi.advanceTimersByTime(PATIENCE_MS)
    expect((await Promise.all(hanging)).map(isOutage)).toEqual([true, true, true, true])
    await begun
    queries[4]?.end()
    expect(await waiting).toBeDefined()
  } finally {
    vi.useRealTimers()
  }
})
