import { describe, expect, test } from 'vitest'
import type { LiveRequest } from '@/lib/protocol/live'
import { FakeClock, turn } from '../testkit/fake-clock'
import { LINGER_MS } from './feeds'
import { createLiveClient, type Observation } from './live-client'
import { FIRST_LINE_MS, GATHER_MS, SILENCE_MS } from './live-policy'

const ME = '00000000-0000-4000-8000-000000000001'
const ORIGIN = 'https://backline.test'

/** One request that arrived at the door, answered as a test says. */
interface Asked {
  url: URL
  headers: Headers
  body: LiveRequest | null
  signal: AbortSignal | null
  answer(response: Response): void
  fail(): void
  /** Answers with a stream of lines. */
  speak(): Promise<void>
  say(line: object): Promise<void>
  end(): Promise<void>
}

/** A live client whose door is in the test's hands. */
function rig() {
  const clock = new FakeClock()
  const asked: Asked[] = []
  const observed: Observation[] = []
  const live = createLiveClient({
    platform: {
      now: () => clock.now(),
      after: (delayMs, run) => clock.after(delayMs, run),
      random: () => 0,
      origin: ORIGIN,
      fetch: (input, init) => new Promise((resolve, reject) => asked.push(toAsked(input, init, resolve, reject))),
    },
    userId: ME,
    onObserved: (each) => void observed.push(each),
  })
  /** A waiting request of a ShapeStream. */
  const wait = (entity: string, offset: string, signal?: AbortSignal) =>
    live.fetch(`${ORIGIN}/api/shapes/${entity}?scope=b&handle=h&offset=${offset}&live=true&cursor=7`, {
      signal: signal ?? null,
    })
  const last = () => asked.at(-1) ?? expect.unreachable('nothing was asked')
  return { clock, asked, observed, live, wait, last, kinds: () => observed.map(({ kind }) => kind) }
}

function toAsked(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  resolve: (response: Response) => void,
  reject: (reason: unknown) => void,
): Asked {
  const lines = new TransformStream<Uint8Array, Uint8Array>()
  const writer = lines.writable.getWriter()
  const encoder = new TextEncoder()
  const signal = init?.signal ?? null
  signal?.addEventListener('abort', () => {
    reject(signal.reason)
    void writer.abort(signal.reason).catch(() => undefined)
  })
  return {
    url: new URL(input instanceof Request ? input.url : input),
    headers: new Headers(init?.headers),
    body: typeof init?.body === 'string' ? (JSON.parse(init.body) as LiveRequest) : null,
    signal,
    answer: resolve,
    fail: () => reject(new TypeError('fetch failed')),
    speak: async () => {
      resolve(new Response(lines.readable, { headers: { 'content-type': 'application/x-ndjson' } }))
      await turn()
    },
    say: async (line) => {
      void writer.write(encoder.encode(`${JSON.stringify(line)}\n`)).catch(() => undefined)
      await turn()
    },
    end: async () => {
      void writer.close().catch(() => undefined)
      await turn()
    },
  }
}

const heartbeat = { heartbeat: '2026-11-20T18:00:00.000Z' }
const line = (id: string, offset: string) => ({
  id,
  status: 200,
  headers: { 'electric-handle': 'h', 'electric-offset': offset, 'electric-up-to-date': '' },
  body: [{ offset }],
})
const refusal = (status: number, code: string) =>
  new Response(JSON.stringify({ error: { code, message: 'No.' } }), {
    status,
    headers: { 'content-type': 'application/json' },
  })
const captivePortal = () => new Response('<html>', { headers: { 'content-type': 'text/html' } })

/** A rig whose one waiting request is on a stream that lives. */
async function streaming() {
  const each = rig()
  const songs = each.wait('songs', '1_0')
  await each.clock.advance(GATHER_MS)
  const stream = each.last()
  await stream.speak()
  await stream.say(heartbeat)
  return { ...each, songs, stream }
}

describe('a request', () => {
  test('L1 a line becomes the answer of the request that waits where it begins, as Electric would answer', async () => {
    const { songs, stream, wait } = await streaming()
    expect(stream.body).toEqual({
      userId: ME,
      hold: 'stream',
      shapes: [{ id: 'songs/b', entity: 'songs', scope: 'b', handle: 'h', offset: '1_0', cursor: '7' }],
    })
    await stream.say(line('songs/b', '2_0'))
    const response = await songs
    expect([response.status, await response.json()]).toEqual([200, [{ offset: '2_0' }]])
    expect(response.headers.get('electric-offset')).toBe('2_0')
    // Who waits insists on a cursor.
    expect(response.headers.get('electric-cursor')).toBe('7')
    const next = wait('songs', '2_0')
    await stream.say(line('songs/b', '3_0'))
    expect(await (await next).json()).toEqual([{ offset: '3_0' }])
  })

  test('one that does not wait goes to the read door, with the user it acts for', async () => {
    const { live, last } = rig()
    const answer = live.fetch(`${ORIGIN}/api/shapes/songs?offset=-1`, { headers: { a: 'b' } })
    expect(last().headers.get('backline-user')).toBe(ME)
    expect(last().headers.get('a')).toBe('b')
    const headers = { 'electric-handle': 'h', 'content-type': 'application/json' }
    last().answer(new Response('[]', { headers }))
    expect(await (await answer).json()).toEqual([])
  })

  test('L2 what joins is asked for on a new stream, and the old one is let go once that speaks', async () => {
    const { clock, asked, wait, stream } = await streaming()
    void wait('shows', '1_0')
    await clock.advance(GATHER_MS)
    const [, next] = asked
    expect(next?.body?.shapes.map(({ id }) => id)).toEqual(['songs/b', 'shows/b'])
    await next?.speak()
    expect(stream.signal?.aborted).toBe(false)
    await next?.say(heartbeat)
    expect(stream.signal?.aborted).toBe(true)
    expect(next?.signal?.aborted).toBe(false)
  })

  test('L11 whoever leaves is not asked for any more, after a while', async () => {
    const { clock, asked, wait, stream, songs } = await streaming()
    const leaver = new AbortController()
    const gone = expect(wait('shows', '1_0', leaver.signal)).rejects.toThrow('left')
    await clock.advance(GATHER_MS)
    await asked[1]?.speak()
    await asked[1]?.say(heartbeat)
    leaver.abort(new Error('left'))
    await gone
    await clock.advance(LINGER_MS - 100)
    expect(asked).toHaveLength(2)
    await clock.advance(100 + GATHER_MS)
    expect(asked[2]?.body?.shapes.map(({ id }) => id)).toEqual(['songs/b'])
    expect(stream.signal?.aborted).toBe(true)
    void songs.catch(() => undefined)
  })
})

describe('what is observed', () => {
  test('L3 heartbeats, until there are none', async () => {
    const { clock, observed, stream } = await streaming()
    expect(observed).toEqual([{ kind: 'heartbeat' }])
    await clock.advance(SILENCE_MS)
    expect(stream.signal?.aborted).toBe(true)
    expect(observed.at(-1)).toMatchObject({ kind: 'failed', isServerReached: false })
  })

  test('L4 that a stream is buffered', async () => {
    const { clock, observed, wait, asked } = rig()
    void wait('songs', '1_0')
    await clock.advance(GATHER_MS + FIRST_LINE_MS + 1)
    expect(observed).toEqual([{ kind: 'mode', mode: 'hold' }])
    expect(asked.map(({ body }) => body?.hold)).toEqual(['stream', 2])
  })
})

describe('an answer that is not ours', () => {
  test.each([
    ['a page', captivePortal],
    ['another’s JSON', () => new Response('{"ok":true}', { headers: { 'content-type': 'application/json' } })],
    ['a proxy’s 403', () => new Response('Forbidden', { status: 403 })],
    [
      'a proxy’s 401 in JSON',
      () => new Response('{"error":"login"}', { status: 401, headers: { 'content-type': 'application/json' } }),
    ],
  ])('%s', async (_, response) => {
    const { clock, live, last, asked, kinds, wait } = rig()
    const read = live.fetch(`${ORIGIN}/api/shapes/songs?offset=-1`)
    const failed = expect(read).rejects.toThrow(TypeError)
    last().answer(response())
    await failed
    let isSettled = false
    void wait('songs', '1_0').then(
      () => (isSettled = true),
      () => (isSettled = true),
    )
    await clock.advance(GATHER_MS)
    last().answer(response())
    await clock.advance(1_000)
    expect([isSettled, asked.length > 2]).toEqual([false, true])
    expect(new Set(kinds())).toEqual(new Set(['failed']))
  })

  test('L8 is no verdict: who waits goes on waiting, who asks hears of a failed network', async () => {
    const { clock, live, last, kinds, wait } = rig()
    const read = expect(live.fetch(`${ORIGIN}/api/shapes/songs?offset=-1`)).rejects.toThrow(TypeError)
    last().answer(captivePortal())
    await read
    const waiting = wait('songs', '1_0')
    await clock.advance(GATHER_MS)
    last().answer(new Response('<html>', { status: 403 }))
    await clock.advance(1_000)
    expect(new Set(kinds())).toEqual(new Set(['failed']))
    await last().speak()
    await last().say(heartbeat)
    await last().say(line('songs/b', '2_0'))
    expect((await waiting).status).toBe(200)
  })

  test('L8 lines that are none end the stream, not the request', async () => {
    const { clock, asked, songs, stream } = await streaming()
    await stream.say(['not', 'a', 'line'])
    await clock.advance(1_000)
    expect(asked).toHaveLength(2)
    await asked[1]?.speak()
    await asked[1]?.say(line('songs/b', '2_0'))
    expect((await songs).status).toBe(200)
  })
})

describe('a verdict', () => {
  test('L9 on the session reaches everyone who waits, and then nothing is asked', async () => {
    const { clock, asked, observed, songs, stream, wait } = await streaming()
    const shows = wait('shows', '1_0')
    await stream.say({
      id: 'songs/b',
      status: 401,
      headers: {},
      body: { error: { code: 'signed_out', message: 'Out.' } },
    })
    expect([(await songs).status, (await shows).status]).toEqual([401, 401])
    expect(observed.at(-1)).toEqual({ kind: 'signed-out' })
    await clock.advance(120_000)
    expect(asked).toHaveLength(1)
    void wait('songs', '1_0')
    await clock.advance(GATHER_MS)
    expect(asked).toHaveLength(2)
  })

  test('L9 of the whole request is everybody’s, with its own words', async () => {
    const { clock, last, observed, wait } = rig()
    const all = [wait('songs', '1_0'), wait('shows', '1_0')]
    await clock.advance(GATHER_MS)
    last().answer(refusal(401, 'other_user'))
    const answers = await Promise.all(all.map(async (each) => (await each).json()))
    expect(answers).toEqual([0, 1].map(() => ({ error: { code: 'other_user', message: 'No.' } })))
    expect(observed).toEqual([{ kind: 'signed-out' }])
  })

  test('on one shape is that shape’s alone', async () => {
    const { clock, asked, observed, wait, songs } = await streaming()
    const shows = wait('shows', '1_0')
    await clock.advance(GATHER_MS)
    await asked[1]?.speak()
    await asked[1]?.say(heartbeat)
    await asked[1]?.say({
      id: 'shows/b',
      status: 403,
      headers: {},
      body: { error: { code: 'forbidden', message: 'No.' } },
    })
    expect((await shows).status).toBe(403)
    expect(observed.at(-1)).toEqual({ kind: 'answered', how: 'stream' })
    await asked[1]?.say(line('songs/b', '2_0'))
    expect((await songs).status).toBe(200)
  })

  test('L7 of an outage is tried again, not before the server said', async () => {
    const { clock, asked, last, observed, wait } = rig()
    void wait('songs', '1_0')
    await clock.advance(GATHER_MS)
    const response = refusal(503, 'unavailable')
    response.headers.set('retry-after', '9')
    last().answer(response)
    await clock.advance(8_900)
    expect(asked).toHaveLength(1)
    expect(observed).toEqual([{ kind: 'failed', isServerReached: true }])
    await clock.advance(200)
    expect(asked).toHaveLength(2)
  })
})

test('L10 told to poll, it asks for one catch-up after another', async () => {
  const { clock, asked, live, wait } = rig()
  live.configure({ isRealtime: false, syncIntervalMs: 1_000 })
  void wait('songs', '1_0')
  await clock.advance(GATHER_MS)
  await asked[0]?.speak()
  await asked[0]?.say(heartbeat)
  await asked[0]?.end()
  await clock.advance(1_000)
  expect(asked.map(({ body }) => body?.hold)).toEqual([0, 0])
})

test('L12 closing aborts everyone who waits and every connection, and leaves no timer', async () => {
  const { clock, asked, live, songs, stream, wait } = await streaming()
  const gone = expect(songs).rejects.toThrow(/closed/)
  live.close()
  await gone
  expect(stream.signal?.aborted).toBe(true)
  await expect(wait('songs', '1_0')).rejects.toThrow(/closed/)
  await clock.advance(600_000)
  expect(asked).toHaveLength(1)
})
