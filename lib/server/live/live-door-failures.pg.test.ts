import { encode } from 'next-auth/jwt'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HEARTBEAT_MS, type LiveLine } from '@/lib/protocol/live'
import { testApp } from '@/scripts/test/app'
import { eventually } from '@/scripts/test/eventually'
import { backstage } from '@/scripts/test/people'
import { testDatabase } from '@/scripts/test/postgres'
import { Resources } from '@/scripts/test/resources'
import { scriptedUpstream } from '@/scripts/test/scripted-upstream'

const upToDate = (offset: string) => ({
  'electric-handle': 'h-1',
  'electric-offset': offset,
  'electric-up-to-date': '',
  'electric-cursor': '1',
  'content-type': 'application/json; charset=utf-8',
})
const shape = (entity: string, scope: string) => ({ id: entity, entity, scope, offset: '0_0', handle: 'h-1' })

/** Sarah's live door in front of an upstream that does as it is told. */
async function scriptedDoor(resources: Resources) {
  const db = resources.use(await testDatabase({ migrated: true }))
  const stage = resources.use(backstage(db))
  const upstream = resources.use(await scriptedUpstream())
  const settings = { LIVE_MAX_SECONDS: '5' }
  const app = resources.use(await testApp(db, { sync: { url: upstream.url, secret: '' }, settings }))
  const sarah = await stage.person('Sarah')
  const band = await stage.band({ [sarah]: 'collaborator' })
  const gone = new AbortController()
  const live = async (entities: readonly string[], rest: object = {}, cookie?: string) => {
    const response = await fetch(`${app.url}/api/shapes/live`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: cookie ?? (await app.cookieOf(sarah)) },
      body: JSON.stringify({ shapes: entities.map((name) => shape(name, band)), ...rest }),
      signal: gone.signal,
    })
    expect(response.status).toBe(200)
    return linesOf(response)
  }
  return { stage, upstream, app, sarah, band, live, leave: () => gone.abort() }
}

async function* linesOf(response: Response): AsyncGenerator<LiveLine, undefined> {
  let text = ''
  for await (const chunk of (response.body ?? expect.unreachable()).pipeThrough(new TextDecoderStream())) {
    const lines = (text + chunk).split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as LiveLine
  }
  return undefined
}

const next = async (lines: AsyncGenerator<LiveLine, undefined>) => (await lines.next()).value

let resources: Resources
let door: Awaited<ReturnType<typeof scriptedDoor>>
let logged: ReturnType<typeof vi.spyOn>
beforeEach(async () => {
  logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  resources = new Resources()
  door = await scriptedDoor(resources)
})
afterEach(async () => {
  await resources.dispose()
  logged.mockRestore()
})

test('an outage of one shape is a line with our words and when to come back; the others go on', async () => {
  const lines = await door.live(['songs', 'shows'])
  await next(lines)
  const requests = [await door.upstream.next(), await door.upstream.next()]
  const [songs, shows] = ['songs', 'shows'].map((name) =>
    requests.find(({ url }) => url.searchParams.get('table') === name),
  )
  songs?.answer(503, { 'retry-after': '9' }, '{"message":"upstream words"}')
  expect(await next(lines)).toEqual({
    id: 'songs',
    status: 503,
    headers: { 'retry-after': '9' },
    body: { error: { code: 'unavailable', message: 'Live data is not available right now. It will be tried again.' } },
  })
  shows?.answer(200, upToDate('1_0'), '[]')
  expect(await next(lines)).toMatchObject({ id: 'shows', status: 200 })
})

test('waiting in vain costs no line, and goes on with the cursor that upstream gave', async () => {
  const lines = await door.live(['songs'])
  await next(lines)
  ;(await door.upstream.next()).answer(200, { ...upToDate('0_0'), 'electric-cursor': '77' }, '[]')
  const again = await door.upstream.next()
  expect([again.url.searchParams.get('cursor'), again.url.searchParams.get('offset')]).toEqual(['77', '0_0'])
  again.answer(200, upToDate('1_0'), '[1]')
  expect(await next(lines)).toMatchObject({ id: 'songs', body: [1] })
})

test('who was removed while upstream thought gets nothing of what it said', async () => {
  const lines = await door.live(['songs'])
  await next(lines)
  const request = await door.upstream.next()
  await door.stage.remove(door.band, door.sarah)
  request.answer(200, upToDate('1_0'), '["secret"]')
  expect(await next(lines)).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } })
  expect(await next(lines)).toBeUndefined()
})

test('two shapes with news at one moment: a hold of seconds tells one and ends', async () => {
  for (let round = 0; round < 10; round++) {
    const lines = await door.live(['songs', 'shows'], { hold: 60 })
    await next(lines)
    for (const request of [await door.upstream.next(), await door.upstream.next()])
      setImmediate(() => request.answer(200, upToDate('1_0'), '[1]'))
    const told: LiveLine[] = []
    for await (const line of lines) told.push(line)
    expect(told).toMatchObject([{ status: 200, body: [1] }])
  }
})

test('the client’s leaving reaches upstream for every shape', async () => {
  const lines = await door.live(['songs', 'shows'])
  await next(lines)
  const requests = [await door.upstream.next(), await door.upstream.next()]
  door.leave()
  await Promise.all(requests.map(({ left }) => left))
})

test('a client that does not read stops its own shapes only after what fits the buffers', async () => {
  const { liveStream } = await import('./live-stream')
  const { parseShapeQuery } = await import('../read/shape-query')
  const query = parseShapeQuery(new URLSearchParams('offset=0_0&handle=h-1'))
  const viewer = { user_id: door.sarah, bands: new Map([[door.band, 'collaborator' as const]]), projects: new Map() }
  const gone = new AbortController()
  const body = liveStream({
    session: {
      user_id: door.sarah,
      session_id: null,
      session_version: 1,
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    },
    viewer,
    shapes: [
      {
        id: 'x',
        entity: 'songs',
        scope: door.band,
        position: query.ok ? { ok: true, value: query.value.position } : query,
      },
    ],
    hold: { kind: 'stream' },
    maxSeconds: 60,
    signal: gone.signal,
  })
  const big = JSON.stringify(['x'.repeat(100_000)])
  for (const n of [1, 2]) (await door.upstream.next()).answer(200, upToDate(`${n}_0`), big)
  // The second line waits for room and asks for no third. Another door's whole round trip later that still holds.
  for (let n = 0; n < 3; n += 1) await (await door.app.as(door.sarah)('/api/me')).text()
  expect(door.upstream.count()).toBe(2)
  const reader = body.getReader()
  for (let n = 0; n < 2; n += 1) await reader.read()
  expect((await door.upstream.next()).url.searchParams.get('offset')).toBe('2_0')
  gone.abort()
})

describe('how long it lasts', () => {
  test('every heartbeat asks whether the session still counts', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const lines = await door.live(['songs'])
      expect(await next(lines)).toHaveProperty('heartbeat')
      vi.advanceTimersByTime(HEARTBEAT_MS)
      expect(await next(lines)).toHaveProperty('heartbeat')
      await door.stage.sql.query('update users set session_version = 2')
      vi.advanceTimersByTime(HEARTBEAT_MS)
      expect(await next(lines)).toMatchObject({ id: 'songs', status: 401, body: { error: { code: 'signed_out' } } })
      expect(await next(lines)).toBeUndefined()
    } finally {
      vi.useRealTimers()
    }
  })

  test('it ends when the session does', async () => {
    const secret = process.env['AUTH_SECRET'] ?? expect.unreachable()
    const token = await encode({ token: { sub: door.sarah, session_version: 1 }, secret, maxAge: 3 })
    const lines = await door.live(['songs'], {}, `next-auth.session-token=${token}`)
    expect(await next(lines)).toHaveProperty('heartbeat')
    expect(await next(lines)).toMatchObject({ status: 401 })
    expect(await next(lines)).toBeUndefined()
  })

  test('it ends before the platform would end it, and lets upstream go', async () => {
    const lines = await door.live(['songs'])
    expect(await next(lines)).toHaveProperty('heartbeat')
    const request = await door.upstream.next()
    expect(await next(lines)).toBeUndefined()
    await request.left
  })
})

test('a sync service that answers everything at once with nothing is not asked in a circle', async () => {
  const lines = await door.live(['songs'], { hold: 1 })
  await next(lines)
  const answerAll = (async () => {
    for (;;) (await door.upstream.next()).answer(200, upToDate('0_0'), '[]')
  })()
  void answerAll
  expect(await next(lines)).toBeUndefined()
  expect(door.upstream.count()).toBeLessThanOrEqual(10)
  await eventually(() => expect(door.upstream.count()).toBeGreaterThanOrEqual(5))
})
