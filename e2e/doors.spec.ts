import { ShapeStream } from '@electric-sql/client'
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { NIGHT_SHIFT, SAMPLE_PASSWORD, SAMPLE_USERS, type SampleUser } from '@/db/sample-ids'
import { readErrorBody } from '@/lib/protocol/errors'
import { accountClient } from '@/scripts/test/account-client'
import { asOwner } from '@/scripts/test/as-owner'
import { eventually } from '@/scripts/test/eventually'
import { testDatabase } from '@/scripts/test/postgres'
import { scriptedUpstream } from '@/scripts/test/scripted-upstream'
import { startProductionApp } from '@/scripts/test/stack'

/** What Next does around the read doors: paths, methods, streaming, leaving. What the doors do is tested beside them. */

const appUrl = inject('appUrl')

async function cookieOf(url: string, user: SampleUser): Promise<string> {
  const browser = accountClient(url)
  expect((await browser.signIn(SAMPLE_USERS[user].email, SAMPLE_PASSWORD)).status).toBe(200)
  return [...browser.cookies].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; ')
}

let sarah: string
let olga: string
beforeAll(async () => {
  sarah = await cookieOf(appUrl, 'sarah')
  olga = await cookieOf(appUrl, 'olga')
})

const get = (path: string, cookie?: string, init: RequestInit = {}) =>
  fetch(`${appUrl}${path}`, { ...init, headers: cookie === undefined ? {} : { cookie } })

const query = `?scope=${NIGHT_SHIFT}&offset=-1`

describe('paths', () => {
  const variants = [
    '/api/shapes/songs',
    '/api/shapes/songs/',
    '/api/shapes//songs',
    '//api/shapes/songs',
    '/api/shapes/%73ongs',
    '/api/%73hapes/songs',
    '/api/shapes/songs%2f',
    '/api/shapes/./songs',
    '/api/shapes/live/../songs',
    '/api/shapes/live%2f..%2fsongs',
    '/API/shapes/songs',
    '/api/history/../shapes/songs',
  ]

  test.each(variants)('%s gives nothing to strangers and nobody', async (path) => {
    for (const [cookie, allowed] of [
      [olga, [403, 404]],
      [undefined, [401, 404]],
    ] as const) {
      const response = await get(`${path}${query}`, cookie)
      const isShell = response.headers.get('content-type')?.startsWith('text/html') ?? false
      expect(isShell || allowed.some((status) => status === response.status)).toBe(true)
      expect(response.headers.has('electric-handle')).toBe(false)
    }
  })

  test('one’s own is found under its name, spelled this way or that', async () => {
    for (const path of ['/api/shapes/songs', '/api/shapes/%73ongs', '/api/shapes/songs/', '/api/shapes//songs']) {
      expect((await get(`${path}${query}`, sarah)).status).toBe(200)
    }
  })

  test.each([
    '/api',
    '/api/',
    '/api/nope/deeper/still',
    '/api/shapes',
    '/api/shapes/songs/more',
    '/api/shapes/__proto__',
  ])('%s is not found, in our envelope', async (path) => {
    const response = await get(path, sarah)
    expect([response.status, readErrorBody(await response.json())?.code]).toEqual([404, 'not_found'])
  })
})

test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s on a shape is refused in our envelope', async (method) => {
  const response = await get(`/api/shapes/songs${query}`, sarah, { method })
  expect([response.status, readErrorBody(await response.json())?.code]).toEqual([405, 'method'])
})

test('HEAD answers as GET does, without the body', async () => {
  const response = await get(`/api/shapes/songs${query}`, sarah, { method: 'HEAD' })
  expect([response.status, await response.text()]).toEqual([200, ''])
  expect(response.headers.get('electric-handle')).toBeTruthy()
})

test('answers of the doors are for one person and nobody keeps them', async () => {
  for (const path of [`/api/shapes/songs${query}`, '/api/me', `/api/history/messages?scope=${NIGHT_SHIFT}`]) {
    const { headers } = await get(path, sarah)
    expect(headers.get('cache-control')).toBe('private, no-store')
    expect(headers.get('vary')?.toLowerCase()).toContain('cookie')
    expect(headers.has('content-encoding')).toBe(false)
  }
})

/** Reads a body line by line as it comes. */
async function* linesOf(response: Response): AsyncGenerator<string, undefined> {
  let begun = ''
  for await (const chunk of (response.body ?? expect.unreachable()).pipeThrough(new TextDecoderStream())) {
    const lines = (begun + chunk).split('\n')
    begun = lines.pop() ?? ''
    yield* lines
  }
  return undefined
}

/** The next line that says `text`; heartbeats come whenever it is time. */
async function lineWith(lines: AsyncGenerator<string, undefined>, text: string): Promise<string> {
  for (;;) {
    const { value } = await lines.next()
    if (value === undefined) throw new Error(`the answer ended before it said ${text}`)
    if (value.includes(text)) return value
  }
}

const addSong = (title: string) =>
  asOwner({ ownerUrl: inject('appOwnerUrl') }, 'insert into songs (id, band_id, title) values ($1, $2, $3)', [
    randomUUID(),
    NIGHT_SHIFT,
    title,
  ])

test('an ordinary ShapeStream follows a shape', async () => {
  const end = new AbortController()
  const stream = new ShapeStream<{ title: string }>({
    url: `${appUrl}/api/shapes/songs`,
    params: { scope: NIGHT_SHIFT },
    headers: { cookie: sarah },
    signal: end.signal,
  })
  const titles: string[] = []
  stream.subscribe((messages) => {
    for (const each of messages) if ('value' in each) titles.push(each.value.title)
  })
  await eventually(() => expect(stream.isUpToDate).toBe(true))
  const title = `Followed ${randomUUID()}`
  await addSong(title)
  await eventually(() => expect(titles).toContain(title))
  end.abort()
})

test('the live door speaks at once, and each change is there while the answer goes on', async () => {
  const shape = { id: 'songs', entity: 'songs', scope: NIGHT_SHIFT, offset: 'now' }
  const abort = new AbortController()
  const response = await fetch(`${appUrl}/api/shapes/live`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: sarah, origin: appUrl },
    body: JSON.stringify({ shapes: [shape] }),
    signal: abort.signal,
  })
  const lines = linesOf(response)
  expect(JSON.parse((await lines.next()).value ?? '')).toHaveProperty('heartbeat')
  expect(JSON.parse(await lineWith(lines, '"songs"'))).toMatchObject({ id: 'songs', status: 200 })
  for (const title of [`Streamed ${randomUUID()}`, `Streamed ${randomUUID()}`]) {
    await addSong(title)
    await lineWith(lines, title)
  }
  abort.abort()
})

test('a client that leaves lets upstream go: a long poll, a snapshot, a stream', async () => {
  await using upstream = await scriptedUpstream({ isHealthy: true })
  await using db = await testDatabase({ seeded: true })
  await using app = await startProductionApp({ database: db, sync: { url: upstream.url, secret: '' } })
  const cookie = await cookieOf(app.url, 'sarah')
  const shapes = [{ id: 'a', entity: 'songs', scope: NIGHT_SHIFT, offset: '0_0', handle: 'h' }]
  const asks: ((signal: AbortSignal) => Promise<Response>)[] = [
    (signal) =>
      fetch(`${app.url}/api/shapes/songs?scope=${NIGHT_SHIFT}&offset=0_0&handle=h&live=true`, {
        headers: { cookie },
        signal,
      }),
    (signal) => fetch(`${app.url}/api/shapes/songs${query}`, { headers: { cookie }, signal }),
    (signal) =>
      fetch(`${app.url}/api/shapes/live`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json' },
        body: JSON.stringify({ shapes }),
        signal,
      }),
  ]
  for (const ask of asks) {
    const client = new AbortController()
    const answer = ask(client.signal).catch(() => null)
    const request = await upstream.next()
    client.abort()
    await Promise.all([request.left, answer])
  }
})
