import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { testApp } from '@/scripts/test/app'
import { eventually } from '@/scripts/test/eventually'
import { backstage } from '@/scripts/test/people'
import { testDatabase } from '@/scripts/test/postgres'
import { Resources } from '@/scripts/test/resources'
import { scriptedUpstream } from '@/scripts/test/scripted-upstream'
import { testSyncService } from '@/scripts/test/sync-service'

const ELECTRIC = {
  'electric-handle': 'h-1',
  'electric-offset': '0_0',
  'electric-schema': '{}',
  'content-type': 'application/json; charset=utf-8',
}
const ROWS = '[{"key":"k","value":{"title":"secret"},"headers":{"operation":"insert"}}]'
const SNAPSHOT = 'offset=-1'
const WAITING = 'offset=0_0&handle=h-1&live=true'

/** Sarah's door in front of an upstream that does as it is told. */
async function scriptedDoor(resources: Resources) {
  const db = resources.use(await testDatabase({ migrated: true }))
  const stage = resources.use(backstage(db))
  const upstream = resources.use(await scriptedUpstream())
  const app = resources.use(await testApp(db, { sync: { url: upstream.url, secret: 'hush-hush-hush-hush' } }))
  const sarah = await stage.person('Sarah')
  const band = await stage.band({ [sarah]: 'collaborator' })
  const read = (query: string, init?: RequestInit) => app.as(sarah)(`/api/shapes/songs?scope=${band}&${query}`, init)
  return { stage, upstream, app, sarah, band, read }
}

let resources: Resources
let door: Awaited<ReturnType<typeof scriptedDoor>>
/** What operators are told; a door's failures are theirs to read. */
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

describe.each([SNAPSHOT, WAITING])('%s', (query) => {
  test('is asked with the secret and without the reader’s cookie', async () => {
    const answer = door.read(query, { headers: { authorization: 'Bearer mine' } })
    const request = await door.upstream.next()
    expect(request.url.searchParams.get('secret')).toBe('hush-hush-hush-hush')
    expect(request.headers).not.toHaveProperty('cookie')
    expect(request.headers).not.toHaveProperty('authorization')
    request.answer(200, ELECTRIC, ROWS)
    const response = await answer
    expect(await response.text()).toBe(ROWS)
    expect(JSON.stringify([...response.headers])).not.toContain('hush')
  })

  test('who was removed while upstream thought gets nothing', async () => {
    const answer = door.read(query)
    const request = await door.upstream.next()
    await door.stage.remove(door.band, door.sarah)
    request.answer(200, ELECTRIC, ROWS)
    expect([(await answer).status, await (await answer).text()]).toEqual([403, expect.not.stringContaining('secret')])
  })

  test('who was signed out everywhere while upstream thought gets nothing', async () => {
    const answer = door.read(query)
    const request = await door.upstream.next()
    await door.stage.sql.query('update users set session_version = session_version + 1')
    request.answer(200, ELECTRIC, ROWS)
    expect([(await answer).status, await (await answer).text()]).toEqual([401, expect.not.stringContaining('secret')])
  })

  test('whose session came to its end while upstream thought gets nothing', async () => {
    const answer = door.read(query)
    const request = await door.upstream.next()
    // The session lasts an hour.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 60 * 60 * 1000 })
    try {
      request.answer(200, ELECTRIC, ROWS)
      const response = await answer
      expect([response.status, await response.text()]).toEqual([401, expect.not.stringContaining('secret')])
    } finally {
      vi.useRealTimers()
    }
  })

  test('the reader’s leaving reaches upstream', async () => {
    const reader = new AbortController()
    const answer = door.read(query, { signal: reader.signal })
    const gone = expect(answer).rejects.toThrow(/abort/i)
    const request = await door.upstream.next()
    reader.abort()
    await Promise.all([request.left, gone])
  })

  test('a reset connection is not the reader’s concern', async () => {
    const answer = door.read(query)
    ;(await door.upstream.next()).reset()
    ;(await door.upstream.next()).answer(200, ELECTRIC, ROWS)
    expect(await (await answer).text()).toBe(ROWS)
  })

  test.each([
    [401, {}, '2'],
    [500, {}, '2'],
    [503, { 'retry-after': '9' }, '9'],
  ])('an upstream %i is told in our words and logged', async (status, headers, retryAfter) => {
    const answer = door.read(query)
    ;(await door.upstream.next()).answer(status, headers, '{"message":"upstream words"}')
    const response = await answer
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, retryAfter])
    expect(await response.json()).toEqual({
      error: { code: 'unavailable', message: 'Live data is not available right now. It will be tried again.' },
    })
    expect(logged).toHaveBeenCalledWith(expect.stringContaining('upstream words'))
  })
})

test('a snapshot streams: its start arrives while its end is not there yet', async () => {
  const answer = door.read(SNAPSHOT)
  const request = await door.upstream.next()
  request.begin(200, ELECTRIC, '[{"a":1}')
  const reader = (await answer).body?.getReader() ?? expect.unreachable()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('[{"a":1}')
  request.end(']')
  expect(new TextDecoder().decode((await reader.read()).value)).toBe(']')
})

test('a snapshot that breaks off in the middle breaks off for the reader too: half is never taken for whole', async () => {
  const answer = door.read(SNAPSHOT)
  const request = await door.upstream.next()
  request.begin(200, ELECTRIC, '[{"a":1}')
  const response = await answer
  expect(response.status).toBe(200)
  request.reset()
  await expect(response.text()).rejects.toThrow(/terminated|aborted/)
  // Nothing is asked again behind the reader's back: what came is on its way already.
  expect(door.upstream.count()).toBe(1)
})

test('compressed answers arrive plain, with neither encoding nor length', async () => {
  const { gzipSync } = await import('node:zlib')
  const answer = door.read(SNAPSHOT)
  const request = await door.upstream.next()
  const bytes = gzipSync(ROWS)
  request.answer(200, { ...ELECTRIC, 'content-encoding': 'gzip', 'content-length': String(bytes.length) }, bytes)
  const response = await answer
  expect(await response.text()).toBe(ROWS)
  expect(response.headers.has('content-encoding')).toBe(false)
  expect(response.headers.get('content-length')).toBeNull()
})

test('of two who wait, one may leave and the other is answered', async () => {
  const leaver = new AbortController()
  const gone = expect(door.read(`${WAITING}&cursor=1`, { signal: leaver.signal })).rejects.toThrow(/abort/i)
  const request = await door.upstream.next()
  const stayer = door.read(`${WAITING}&cursor=2`)
  const { sharedAnswers } = await import('./shared-answers')
  await eventually(() => expect(sharedAnswers().readers).toBe(2))
  leaver.abort()
  await gone
  request.answer(200, ELECTRIC, ROWS)
  expect(await (await stayer).text()).toBe(ROWS)
  expect(request.url.searchParams.get('cursor')).toBe('1')
  expect(door.upstream.count()).toBe(1)
})

test('without a sync service the door says: later', async () => {
  await door.upstream[Symbol.asyncDispose]()
  const response = await door.read(SNAPSHOT)
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
})

test('without a database the doors say: later', async () => {
  await using db = await testDatabase({ migrated: true })
  await using app = await testApp(db, { settings: { DATABASE_URL: 'postgresql://u:p@127.0.0.1:9/none' } })
  for (const path of ['shapes/songs?offset=-1', 'history/changes', 'me', 'auth/session']) {
    const response = await app.as('00000000-0000-4000-8000-000000000001')(`/api/${path}`)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await response.text()).not.toMatch(/127|postgres/)
  }
  const health = await fetch(`${app.url}/api/health`)
  expect([health.status, await health.json()]).toEqual([
    503,
    { status: 'degraded', database: 'down', electric: 'down' },
  ])
})

test('an offset that the shape never gave out is told as the reader’s mistake', async () => {
  await using db = await testDatabase({ migrated: true })
  await using stage = backstage(db)
  // Electric waits half a long poll for such an offset to come true.
  await using sync = await testSyncService(db, { ELECTRIC_LONG_POLL_TIMEOUT: '500' })
  await using app = await testApp(db, { sync })
  const sarah = await stage.person('Sarah')
  const band = await stage.band({ [sarah]: 'owner' })
  const read = (query: string) => app.as(sarah)(`/api/shapes/songs?scope=${band}&${query}`)
  const handle = (await read('offset=-1')).headers.get('electric-handle')
  const response = await read(`offset=99999999999_0&handle=${handle}`)
  expect([response.status, await response.json()]).toEqual([
    400,
    {
      error: {
        code: 'invalid',
        message: 'The request was not understood.',
        issues: ['offset: is not one that this shape ever gave out'],
      },
    },
  ])
})
