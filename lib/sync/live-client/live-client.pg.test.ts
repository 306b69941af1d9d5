import { ShapeStream, type Message } from '@electric-sql/client'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { testApp, type TestApp } from '@/scripts/test/app'
import { eventually } from '@/scripts/test/eventually'
import { backstage, type Backstage } from '@/scripts/test/people'
import { testDatabase } from '@/scripts/test/postgres'
import { Resources } from '@/scripts/test/resources'
import { testSyncService, type TestSyncService } from '@/scripts/test/sync-service'
import { createLiveClient, type LiveClient, type LiveClientOptions, type Observation } from './live-client'

let app: TestApp
let stage: Backstage
let sync: TestSyncService
const resources = new Resources()
const ends: (() => void)[] = []

beforeAll(async () => {
  const db = resources.use(await testDatabase({ migrated: true }))
  stage = resources.use(backstage(db))
  sync = resources.use(await testSyncService(db))
  app = resources.use(await testApp(db, { sync, settings: { LIVE_MAX_SECONDS: '5' } }))
})
afterEach(() => {
  for (const end of ends.splice(0)) end()
})
afterAll(() => resources.dispose())

interface Device {
  live: LiveClient
  observed: Observation[]
  /** Requests it made, `<method> <path>`. */
  requests: string[]
  follow(entity: string, scope: string): Followed
}

interface Followed {
  stream: ShapeStream
  messages: Message[]
  /** Values of a column, in order of arrival. */
  values(column: string): unknown[]
  errors: unknown[]
  end(): void
}

/** What stands between a device and the server; `send` is the way on. */
type Middlebox = (send: () => Promise<Response>, url: URL, init: RequestInit | undefined) => Promise<Response>

interface DeviceOptions extends Partial<LiveClientOptions> {
  middlebox?: () => Middlebox
  sessionVersion?: number
}

const directly: Middlebox = (send) => send()

/** A browser of this person: a live client and ordinary ShapeStreams over it. */
async function device(user: string, { middlebox, sessionVersion, ...options }: DeviceOptions = {}): Promise<Device> {
  const cookie = await app.cookieOf(user, sessionVersion)
  const observed: Observation[] = []
  const requests: string[] = []
  const live = createLiveClient({
    platform: {
      now: () => Date.now(),
      after: (delayMs, run) => {
        const timer = setTimeout(run, delayMs)
        return () => clearTimeout(timer)
      },
      random: () => 0,
      origin: app.url,
      fetch: (input, init) => {
        const url = new URL(input instanceof Request ? input.url : input)
        requests.push(`${init?.method ?? 'GET'} ${url.pathname}${url.searchParams.has('live') ? ' live' : ''}`)
        const headers = new Headers(init?.headers)
        headers.set('cookie', cookie)
        const way = middlebox?.() ?? directly
        return way(() => fetch(input, { ...init, headers }), url, init)
      },
    },
    userId: user,
    onObserved: (each) => void observed.push(each),
    ...options,
  })
  ends.push(() => live.close())
  return { live, observed, requests, follow: (entity, scope) => follow(live, entity, scope) }
}

function follow(live: LiveClient, entity: string, scope: string): Followed {
  const end = new AbortController()
  const messages: Message[] = []
  const errors: unknown[] = []
  const stream = new ShapeStream({
    url: `${app.url}/api/shapes/${entity}`,
    params: { scope },
    fetchClient: live.fetch,
    liveRequestTimeoutMs: false,
    runtimeVisibility: { getCurrentState: () => 'visible', subscribe: () => () => undefined },
    backoffOptions: { initialDelay: 10, maxDelay: 50, multiplier: 2 },
    signal: end.signal,
    onError: (error) => void errors.push(error),
  })
  stream.subscribe((batch) => void messages.push(...batch))
  ends.push(() => end.abort())
  const values = (column: string) =>
    messages.flatMap((each) => ('value' in each && column in each.value ? [each.value[column]] : []))
  return { stream, messages, values, errors, end: () => end.abort() }
}

const posts = ({ requests }: Device) => requests.filter((each) => each === 'POST /api/shapes/live').length
const untilLive = (device: Device) =>
  eventually(() => {
    // A machine under load may take its own slowness for buffering.
    device.live.wake()
    expect(device.observed.some(({ kind }) => kind === 'heartbeat')).toBe(true)
  })

test('ordinary ShapeStreams receive changes over one connection, and none of their own', async () => {
  const sarah = await stage.person('Sarah')
  const band = await stage.band({ [sarah]: 'owner' })
  await stage.song(band, 'Wonderwall')
  const phone = await device(sarah)
  const shapes = ['songs', 'setlists', 'shows', 'practices', 'bands', 'band_members'].map((name) =>
    phone.follow(name, band),
  )
  const [songs] = shapes
  await eventually(() => expect(shapes.every(({ stream }) => stream.isUpToDate)).toBe(true))
  await untilLive(phone)
  for (const title of ['Creep', 'Karma Police', 'Airbag']) {
    await stage.song(band, title)
    await eventually(() => expect(songs?.values('title')).toContain(title))
  }
  expect(songs?.values('title')).toEqual(['Wonderwall', 'Creep', 'Karma Police', 'Airbag'])
  expect(phone.requests.filter((each) => each.endsWith(' live'))).toEqual([])
  expect(posts(phone)).toBeLessThan(shapes.length)
})

/** Gathers an answer until it is whole, as some proxies and virus scanners do. */
const buffering: Middlebox = async (send) => {
  const response = await send()
  const whole = await response.arrayBuffer()
  return new Response(response.status === 304 ? null : whole, response)
}
const noNetwork: Middlebox = () => Promise.reject(new TypeError('fetch failed'))
const captivePortal: Middlebox = async () =>
  new Response('<html>Please accept our terms</html>', { headers: { 'content-type': 'text/html' } })

/** Sarah with a band, a song in it and a device that follows its songs. */
async function sarahsDevice(options: DeviceOptions = {}) {
  const sarah = await stage.person('Sarah')
  const band = await stage.band({ [sarah]: 'owner' })
  await stage.song(band, 'Wonderwall')
  const phone = await device(sarah, options)
  const songs = phone.follow('songs', band)
  await eventually(() => expect(songs.values('title')).toEqual(['Wonderwall']))
  return { sarah, band, phone, songs }
}

const titles = (songs: Followed) => songs.values('title')
const kinds = ({ observed }: Device) => observed.map((each) => (each.kind === 'mode' ? `mode ${each.mode}` : each.kind))

test('L1 nothing is lost and nothing comes twice over many changes, new shapes and the stream’s own end', async () => {
  const { band, phone, songs } = await sarahsDevice()
  await untilLive(phone)
  const expected = ['Wonderwall']
  // LIVE_MAX_SECONDS is 5: the stream ends on the way.
  const ends_ = Date.now() + 7_000
  for (let n = 0; Date.now() < ends_; n += 1) {
    const title = `Song ${n}`
    expected.push(title)
    await stage.song(band, title)
    if (n % 20 === 0) phone.follow(['setlists', 'shows', 'practices', 'attendance'][(n / 20) % 4] ?? 'bands', band)
    if (n % 7 === 0) await eventually(() => expect(titles(songs)).toContain(title))
  }
  await eventually(() => expect(titles(songs)).toHaveLength(expected.length))
  expect(titles(songs)).toEqual(expected)
  expect(kinds(phone)).not.toContain('failed')
})

test('L2 a shape that is opened later joins without a gap for the others', async () => {
  const { band, phone, songs } = await sarahsDevice()
  await untilLive(phone)
  const setlists = phone.follow('setlists', band)
  const before = posts(phone)
  await eventually(() => expect(setlists.stream.isUpToDate).toBe(true))
  await stage.song(band, 'Meanwhile')
  await eventually(() => expect(titles(songs)).toEqual(['Wonderwall', 'Meanwhile']))
  await eventually(() => expect(posts(phone)).toBe(before + 1))
})

test('L1 two streams of one shape, at their own places, both hear everything', async () => {
  const { band, phone, songs } = await sarahsDevice()
  await untilLive(phone)
  const again = phone.follow('songs', band)
  await eventually(() => expect(titles(again)).toEqual(['Wonderwall']))
  await stage.song(band, 'Creep')
  await eventually(() => expect(titles(songs)).toEqual(['Wonderwall', 'Creep']))
  await eventually(() => expect(titles(again)).toEqual(['Wonderwall', 'Creep']))
})

test('L4 L6 where streams are buffered, long polls carry the changes; where they are not any more, it climbs back', async () => {
  let way = buffering
  const { band, phone, songs } = await sarahsDevice({ middlebox: () => way })
  await eventually(() => expect(kinds(phone)).toContain('mode hold'))
  await stage.song(band, 'Held')
  await eventually(() => expect(titles(songs)).toEqual(['Wonderwall', 'Held']))
  expect(kinds(phone)).toContain('answered')
  expect(kinds(phone)).not.toContain('heartbeat')
  way = directly
  phone.live.wake()
  await stage.song(band, 'Streamed')
  await eventually(() => expect(titles(songs)).toEqual(['Wonderwall', 'Held', 'Streamed']))
  await eventually(() => expect(kinds(phone)).toContain('mode stream'))
})

test('L10 without realtime the same door is polled, and changes arrive all the same', async () => {
  const { band, phone, songs } = await sarahsDevice({ isRealtime: false, syncIntervalMs: 50 })
  for (const title of ['Creep', 'Airbag']) {
    await stage.song(band, title)
    await eventually(() => expect(titles(songs)).toContain(title))
  }
  expect(titles(songs)).toEqual(['Wonderwall', 'Creep', 'Airbag'])
  expect(kinds(phone)).not.toContain('heartbeat')
  phone.live.configure({ isRealtime: true, syncIntervalMs: 4_000 })
  await untilLive(phone)
})

describe('L8 what is not ours is no verdict', () => {
  test.each([
    ['a captive portal', captivePortal],
    ['no network', noNetwork],
    ['a proxy’s error', async () => new Response('Bad gateway', { status: 502 })],
    ['a proxy’s refusal', async () => new Response('Forbidden', { status: 403 })],
    [
      'a proxy’s login',
      async () => new Response('{"login":true}', { headers: { 'content-type': 'application/json' } }),
    ],
  ] satisfies [string, Middlebox][])('L8 %s is waited out', async (_, broken) => {
    let way = directly
    const { band, phone, songs } = await sarahsDevice({ middlebox: () => way })
    await untilLive(phone)
    way = broken
    await stage.song(band, 'While away')
    phone.follow('shows', band)
    await eventually(() => expect(kinds(phone)).toContain('failed'))
    way = directly
    phone.live.wake()
    await eventually(() => expect(titles(songs)).toEqual(['Wonderwall', 'While away']))
    expect(songs.errors).toEqual([])
    expect(phone.observed).not.toContainEqual(expect.objectContaining({ isServerReached: true }))
  })
})

describe('L9 verdicts', () => {
  test('L9 a session that ends is told to every stream, and nothing is asked any more', async () => {
    const { sarah, band, phone, songs } = await sarahsDevice()
    const shows = phone.follow('shows', band)
    await untilLive(phone)
    await eventually(() => expect(shows.stream.isUpToDate).toBe(true))
    await stage.sql.query('update users set session_version = 2 where id = $1', [sarah])
    await stage.song(band, 'Unheard')
    await eventually(() => expect([songs.errors, shows.errors].map((each) => each.length)).toEqual([1, 1]))
    expect(songs.errors[0]).toMatchObject({ status: 401, json: { error: { code: 'signed_out' } } })
    expect(kinds(phone)).toContain('signed-out')
    expect(titles(songs)).toEqual(['Wonderwall'])
  })

  test('L9 another user’s cookie is told apart', async () => {
    const { phone, songs } = await sarahsDevice()
    const olga = await stage.person('Olga')
    const cookie = await app.cookieOf(olga)
    const tablet = await device(await stage.person('Mia'), {
      middlebox: () => (_, url, init) =>
        fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), cookie } }),
    })
    const theirs = tablet.follow('songs', '00000000-0000-4000-8000-000000000001')
    await eventually(() => expect(theirs.errors).toHaveLength(1))
    expect(tablet.observed).toContainEqual({ kind: 'signed-out' })
    expect([songs.errors, kinds(phone).includes('signed-out')]).toEqual([[], false])
  })

  test('a scope that is lost is told to its stream alone', async () => {
    const { sarah, band, phone, songs } = await sarahsDevice()
    const noah = await stage.person('Noah')
    const both = await stage.band({ [noah]: 'owner', [sarah]: 'collaborator' })
    const shared = phone.follow('songs', both)
    await eventually(() => expect(shared.stream.isUpToDate).toBe(true))
    await untilLive(phone)
    await stage.remove(both, sarah)
    await stage.song(both, 'After she left')
    await eventually(() => expect(shared.errors).toHaveLength(1))
    expect(titles(shared)).toEqual([])
    await stage.song(band, 'Still here')
    await eventually(() => expect(titles(songs)).toEqual(['Wonderwall', 'Still here']))
  })
})

test('a rotated shape is fetched again by its own stream', async () => {
  // Electric's own 409 to who waits has no handle either, and its client remarks on it.
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const { band, phone, songs } = await sarahsDevice()
  await untilLive(phone)
  await stage.sql.query('truncate songs cascade')
  await eventually(() => expect(songs.messages.some(({ headers }) => headers.control === 'must-refetch')).toBe(true))
  await stage.song(band, 'Anew')
  await eventually(() => expect(titles(songs).at(-1)).toBe('Anew'))
  warned.mockRestore()
})

test('a sync service that restarts is waited out, and nothing is missed', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { band, phone, songs } = await sarahsDevice()
  await untilLive(phone)
  await sync.restart('SIGKILL')
  await stage.song(band, 'While it was away')
  await eventually(() => expect(titles(songs)).toEqual(['Wonderwall', 'While it was away']))
  logged.mockRestore()
})

test('L12 closing ends everything: streams that wait, and requests that come later', async () => {
  const { phone, songs } = await sarahsDevice()
  await untilLive(phone)
  const wait = phone.live.fetch(`${app.url}/api/shapes/songs?scope=x&offset=1_0&handle=h&live=true`)
  const gone = expect(wait).rejects.toThrow(/closed/)
  phone.live.close()
  await gone
  await expect(phone.live.fetch(`${app.url}/api/shapes/songs?offset=-1`)).rejects.toThrow(/closed/)
  const asked = phone.requests.length
  await eventually(() => expect(songs.stream.isConnected()).toBe(false))
  expect(phone.requests).toHaveLength(asked)
})
