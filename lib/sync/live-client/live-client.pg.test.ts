import { ShapeStream, type Message } from '@electric-sql/client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
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

/** A browser of this person: a live client and ordinary ShapeStreams over it. */
async function device(user: string, options: Partial<LiveClientOptions> = {}): Promise<Device> {
  const cookie = await app.cookieOf(user)
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
        return fetch(input, { ...init, headers })
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
const untilLive = (...all: Device[]) =>
  eventually(() => {
    for (const { observed } of all) expect(observed.some(({ kind }) => kind === 'heartbeat')).toBe(true)
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
  expect(posts(phone)).toBeLessThanOrEqual(2)
})
