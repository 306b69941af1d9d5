import { afterEach, expect, test, vi } from 'vitest'
import { collectGarbage } from '@/scripts/test/garbage'
import { scriptedUpstream } from '@/scripts/test/scripted-upstream'
import { readUpstream, streamUpstream, type StreamedAnswer } from './upstream'

const never = new AbortController().signal
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
/** Failures are told to the operator; a test that expects one looks here. */
const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
afterEach(() => logged.mockClear())

test.each([200, 304, 409])('%i passes with its headers, without those of the connection', async (status) => {
  await using upstream = await scriptedUpstream()
  const answer = readUpstream(new URL(upstream.url), never)
  const headers = {
    'electric-handle': 'h-2',
    'electric-offset': '1_2',
    'electric-up-to-date': '',
    etag: '"h-2:1"',
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'public, max-age=604800',
    'access-control-allow-origin': '*',
    'set-cookie': 'a=b',
    'x-request-id': 'secret',
  }
  ;(await upstream.next()).answer(status, headers, status === 304 ? '' : '[1]')
  expect(await answer).toMatchObject({
    kind: 'passed',
    status,
    headers: {
      'electric-handle': 'h-2',
      'electric-offset': '1_2',
      'electric-up-to-date': '',
      etag: '"h-2:1"',
      'content-type': 'application/json; charset=utf-8',
    },
  })
  expect(Object.keys(((await answer) as { headers: object }).headers)).toHaveLength(5)
})

test.each([
  ['in place of an answer', (request: { reset(): void }) => request.reset()],
  [
    'in the middle of one',
    (request: { begin(status: number, headers: object, start: string): void; reset(): void }) => {
      request.begin(200, { 'content-length': '1000' }, '[1,')
      setImmediate(() => request.reset())
    },
  ],
])('a reset %s is tried once more', async (_, spoil) => {
  await using upstream = await scriptedUpstream()
  const answer = readUpstream(new URL(upstream.url), never)
  spoil(await upstream.next())
  ;(await upstream.next()).answer(200, {}, '[2]')
  const read = await answer
  expect(read.kind === 'passed' && text(read.body)).toBe('[2]')
  expect(logged).not.toHaveBeenCalled()
})

test('a reset between the head of a streamed answer and its first byte is tried once more', async () => {
  await using upstream = await scriptedUpstream()
  const answer = streamUpstream(new URL(upstream.url), never)
  const spoilt = await upstream.next()
  spoilt.begin(200, { 'content-length': '1000' }, '')
  setImmediate(() => spoilt.reset())
  ;(await upstream.next()).answer(200, {}, '[4]')
  const streamed = await answer
  expect(streamed.kind === 'passed' && (await new Response(streamed.body).text())).toBe('[4]')
})

test('a second reset is an outage that may pass', async () => {
  await using upstream = await scriptedUpstream()
  const answer = streamUpstream(new URL(upstream.url), never)
  ;(await upstream.next()).reset()
  ;(await upstream.next()).reset()
  expect(await answer).toMatchObject({ kind: 'failed', failure: { code: 'unavailable', retryAfterSeconds: 2 } })
  expect(upstream.count()).toBe(2)
  expect(logged).toHaveBeenCalledOnce()
})

test('a sync service that hangs is an outage that may pass, and is let go', async () => {
  await using upstream = await scriptedUpstream()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const answer = readUpstream(new URL(upstream.url), never)
    const { left } = await upstream.next()
    vi.advanceTimersByTime(60_000)
    expect(await answer).toMatchObject({ kind: 'failed', failure: { code: 'unavailable', retryAfterSeconds: 2 } })
    await left
  } finally {
    vi.useRealTimers()
  }
})

test('nobody listening is an outage that may pass', async () => {
  const upstream = await scriptedUpstream()
  await upstream[Symbol.asyncDispose]()
  expect(await readUpstream(new URL(upstream.url), never)).toMatchObject({
    kind: 'failed',
    failure: { code: 'unavailable' },
  })
})

test.each([
  [401, {}, '{"message":"Unauthorized - Invalid API secret"}', 2],
  [400, {}, '{"errors":{"table":["does not exist"]}}', 2],
  [400, {}, '{"errors":{"where":["secret"],"offset":["out of bounds"]}}', 2],
  [400, {}, 'not json', 2],
  [404, {}, 'Not found', 2],
  [429, { 'retry-after': '7' }, '{}', 7],
  [500, {}, '{"error":"Internal server error: postgres://secret"}', 2],
  [502, {}, '<html>', 2],
  [503, { 'retry-after': '10' }, '{"code":"database_unreachable"}', 10],
  [503, { 'retry-after': 'Wed, 21 Oct 2099 07:28:00 GMT' }, '{}', 2],
  [503, { 'retry-after': '99999999' }, '{}', 3600],
])('%i %j becomes 503, for later, in our own words', async (status, headers, body, retryAfterSeconds) => {
  await using upstream = await scriptedUpstream()
  const answer = streamUpstream(new URL(upstream.url), never)
  ;(await upstream.next()).answer(status, headers, body)
  expect(await answer).toEqual({
    kind: 'failed',
    failure: {
      code: 'unavailable',
      message: 'Live data is not available right now. It will be tried again.',
      retryAfterSeconds,
    },
  })
})

test('a 400 about the position is the reader’s own', async () => {
  await using upstream = await scriptedUpstream()
  const answer = streamUpstream(new URL(upstream.url), never)
  ;(await upstream.next()).answer(400, {}, '{"errors":{"offset":["out of bounds for this shape"]}}')
  expect(await answer).toMatchObject({
    failure: { code: 'invalid', issues: ['offset: is not one that this shape ever gave out'] },
  })
})

test('the reader’s abort reaches upstream, before and within the answer', async () => {
  await using upstream = await scriptedUpstream()
  for (const hasBegun of [false, true]) {
    const reader = new AbortController()
    const answer = readUpstream(new URL(upstream.url), reader.signal)
    const ended = expect(answer).rejects.toThrow('left')
    const request = await upstream.next()
    if (hasBegun) request.begin(200, {}, '[')
    reader.abort(new Error('left'))
    await request.left
    await ended
  }
})

test('a body that nobody reads yet outlives the response it came with', async () => {
  await using upstream = await scriptedUpstream()
  const answer = streamUpstream(new URL(upstream.url), never)
  ;(await upstream.next()).answer(200, {}, '[3]')
  const streamed = await answer
  // Node cancels the unread body of a response that the garbage collector took, which it does at any moment.
  await collectGarbage()
  if (streamed.kind !== 'passed') throw new Error('the answer did not pass')
  expect(await new Response(streamed.body).text()).toBe('[3]')
})

test('the reader’s abort reaches upstream, whatever the garbage collector took meanwhile', async () => {
  await using upstream = await scriptedUpstream()
  const ways: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => readUpstream(new URL(upstream.url), signal),
    (signal) => streamUpstream(new URL(upstream.url), signal).then((answer) => bodyOf(answer)),
  ]
  for (const ask of ways) {
    for (const hasBegun of [false, true]) {
      const reader = new AbortController()
      const ended = expect(ask(reader.signal)).rejects.toThrow('left')
      const request = await upstream.next()
      if (hasBegun) request.begin(200, {}, '[')
      await collectGarbage()
      reader.abort(new Error('left'))
      await request.left
      await ended
    }
  }
})

function bodyOf(answer: StreamedAnswer): Promise<string> {
  return answer.kind === 'passed' ? new Response(answer.body).text() : expect.unreachable()
}
