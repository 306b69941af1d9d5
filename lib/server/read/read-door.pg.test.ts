import { ShapeStream, type Message } from '@electric-sql/client'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allEntities } from '@/entities'
import { ELECTRIC_PARAMS } from '@/lib/protocol/names'
import { readErrorBody } from '@/lib/protocol/errors'
import { testApp, type TestApp } from '@/scripts/test/app'
import { eventually } from '@/scripts/test/eventually'
import { backstage, type Backstage } from '@/scripts/test/people'
import { testDatabase } from '@/scripts/test/postgres'
import { Resources } from '@/scripts/test/resources'
import { testSyncService } from '@/scripts/test/sync-service'
import { sharedAnswers } from './shared-answers'

let app: TestApp
let stage: Backstage
let people: { sarah: string; noah: string; mia: string; olga: string }
let band: string
const resources = new Resources()

beforeAll(async () => {
  const db = resources.use(await testDatabase({ migrated: true }))
  stage = resources.use(backstage(db))
  const sync = resources.use(await testSyncService(db))
  app = resources.use(await testApp(db, { sync }))
  const [sarah = '', noah = '', mia = '', olga = ''] = await Promise.all(
    ['Sarah', 'Noah', 'Mia', 'Olga'].map((name) => stage.person(name)),
  )
  people = { sarah, noah, mia, olga }
  band = await stage.band({ [sarah]: 'owner', [noah]: 'collaborator', [mia]: 'viewer' })
  await stage.song(band, 'Wonderwall')
})
afterAll(() => resources.dispose())

const get = (user: string, path: string, init?: RequestInit) => app.as(user)(`/api/shapes/${path}`, init)

/** The code of our envelope, after a look for anything internal in it. */
async function codeOf(response: Response): Promise<string> {
  const text = await response.text()
  expect(text).not.toMatch(/postgres|electric|select|127\.0\.0\.1|sync-service-test-secret|node_modules|\n\s+at /i)
  expect(response.headers.get('cache-control')).toBe('private, no-store')
  expect(response.headers.get('vary')).toBe('cookie')
  return `${response.status} ${readErrorBody(JSON.parse(text))?.code}`
}

/** Reads a shape to the present: its rows and where it stands. */
async function catchUp(user: string, entity: string, scope: string) {
  const titles: unknown[] = []
  let [offset, handle] = ['-1', '']
  for (;;) {
    const response = await get(user, `${entity}?scope=${scope}&offset=${offset}&handle=${handle}`)
    expect(response.status).toBe(200)
    for (const message of (await response.json()) as { value?: { title?: string } }[]) {
      if (message.value) titles.push(message.value.title)
    }
    offset = response.headers.get('electric-offset') ?? ''
    handle = response.headers.get('electric-handle') ?? ''
    if (response.headers.has('electric-up-to-date')) return { titles, offset, handle }
  }
}

const liveUrl = (scope: string, { offset, handle }: { offset: string; handle: string }) =>
  `songs?scope=${scope}&offset=${offset}&handle=${handle}&live=true`

/** Resolves when this many readers wait for upstream in this process. */
const untilWaiting = (readers: number) => eventually(() => expect(sharedAnswers().readers).toBe(readers))

test('an ordinary ShapeStream reads a snapshot and then each change', async () => {
  const own = await stage.band({ [people.sarah]: 'owner' })
  await stage.song(own, 'Wonderwall')
  const end = new AbortController()
  const stream = new ShapeStream({
    url: `${app.url}/api/shapes/songs`,
    params: { scope: own },
    headers: { cookie: await app.cookieOf(people.sarah) },
    signal: end.signal,
  })
  const seen: Message[] = []
  const titles = () =>
    seen.flatMap((message) => ('value' in message && 'title' in message.value ? [message.value['title']] : []))
  stream.subscribe((messages) => void seen.push(...messages))
  await eventually(() => expect(stream.isUpToDate).toBe(true))
  expect(titles()).toEqual(['Wonderwall'])
  await stage.song(own, 'Creep')
  await eventually(() => expect(titles()).toEqual(['Wonderwall', 'Creep']))
  end.abort()
})

describe('who asks', () => {
  test('nobody, a forged cookie and an old session are signed out', async () => {
    const path = `${app.url}/api/shapes/songs?scope=${band}&offset=-1`
    expect(await codeOf(await fetch(path))).toBe('401 signed_out')
    expect(await codeOf(await fetch(path, { headers: { cookie: 'next-auth.session-token=forged' } }))).toBe(
      '401 signed_out',
    )
    const old = await app.as(people.sarah, 2)(`/api/shapes/songs?scope=${band}&offset=-1`)
    expect(await codeOf(old)).toBe('401 signed_out')
    const unknown = await app.as(randomUUID())(`/api/shapes/songs?scope=${band}&offset=-1`)
    expect(await codeOf(unknown)).toBe('401 signed_out')
  })

  test('a browser that acts for somebody else reads nothing', async () => {
    const as = (user: string) =>
      get(people.sarah, `songs?scope=${band}&offset=-1`, { headers: { 'backline-user': user } })
    expect(await codeOf(await as(people.noah))).toBe('401 other_user')
    expect((await as(people.sarah.toUpperCase())).status).toBe(200)
  })

  test('a stranger, a scope that does not exist and a role that may not read get one answer', async () => {
    const answers = await Promise.all([
      get(people.olga, `songs?scope=${band}&offset=-1`),
      get(people.olga, `songs?scope=${randomUUID()}&offset=-1`),
      get(people.mia, `invites?scope=${band}&offset=-1`),
      get(people.sarah, `songs?scope=${people.sarah}&offset=-1`),
      get(people.sarah, `song_notes?scope=${people.noah}&offset=-1`),
      get(people.sarah, `changes?scope=${people.noah}&offset=-1`),
    ])
    const bodies = await Promise.all(answers.map(async (each) => `${each.status} ${await each.text()}`))
    expect(new Set(bodies)).toEqual(
      new Set([`403 {"error":{"code":"forbidden","message":"This is not shared with you."}}`]),
    )
    expect((await get(people.sarah, `invites?scope=${band}&offset=-1`)).status).toBe(200)
  })
})

describe('what is asked', () => {
  test.each(['nope', '__proto__', 'constructor', 'toString', 'Songs', 'users', 'songs ', 'songs%00', 'songs%2Flive'])(
    'there is no %s',
    async (name) => {
      expect(await codeOf(await get(people.sarah, `${name}?scope=${band}&offset=-1`))).toBe('404 not_found')
    },
  )

  test('a name spelled another way is the same name, under the same rules', async () => {
    expect((await get(people.sarah, `%73ongs?scope=${band}&offset=-1`)).status).toBe(200)
    expect(await codeOf(await get(people.olga, `%73ongs?scope=${band}&offset=-1`))).toBe('403 forbidden')
  })

  const forwarded = ['offset', 'handle', 'live', 'cursor', 'expired_handle', 'cache-buster', 'log']
  const decided = Object.values(ELECTRIC_PARAMS).filter((name) => !forwarded.includes(name))
  test.each([
    ...[...decided, 'params[1]', 'subset__where', 'subset__limit', 'anything'].map((name) => `offset=-1&${name}=1`),
    ...forwarded.map((name) => `offset=0_0&handle=x&${name}=0_0&${name}=0_0`),
    '',
    'offset=tomorrow',
    'offset=0_0',
    'offset=-1&live=true',
  ])('?%s is refused', async (query) => {
    expect(await codeOf(await get(people.sarah, `songs?scope=${band}&${query}`))).toBe('400 invalid')
  })

  test.each(['', 'band', '1', `${randomUUID()}'`])('scope=%s is no scope', async (scope) => {
    expect(await codeOf(await get(people.sarah, `songs?scope=${scope}&offset=-1`))).toBe('400 invalid')
  })

  test('two scopes are refused, even if both are mine', async () => {
    expect(await codeOf(await get(people.sarah, `songs?scope=${band}&scope=${band}&offset=-1`))).toBe('400 invalid')
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s is not what this address takes', async (method) => {
    const response = await get(people.sarah, `songs?scope=${band}&offset=-1`, { method })
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    expect(await codeOf(response)).toBe('405 method')
  })

  test('HEAD answers as GET does, without the body; OPTIONS invites no other site', async () => {
    const head = await get(people.sarah, `songs?scope=${band}&offset=-1`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(head.headers.get('electric-handle')).toBeTruthy()
    expect((await fetch(`${app.url}/api/shapes/songs`, { method: 'HEAD' })).status).toBe(401)
    const options = await get(people.sarah, 'songs', { method: 'OPTIONS', headers: { origin: 'https://evil.example' } })
    expect(options.status).toBe(204)
    expect([...options.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('every entity is served where it is declared', () => {
  test.each(allEntities.map(({ name, scope }) => [name, scope] as const))('%s', async (name, scope) => {
    const isMine = scope.kind === 'user' || scope.kind === 'any' || 'mine' in scope
    const mine = await get(people.sarah, `${name}?offset=-1`)
    expect(mine.status).toBe(isMine ? 200 : 400)
    const own = await get(people.sarah, `${name}?offset=-1&scope=${people.sarah}`)
    expect(own.status).toBe(isMine ? 200 : 403)
    const ofBand = await get(people.sarah, `${name}?offset=-1&scope=${band}`)
    expect(ofBand.status).toBe(scope.kind === 'band' || scope.kind === 'any' ? 200 : 403)
  })

  test('what the shape serves has the declared columns and nothing hidden', async () => {
    const id = randomUUID()
    await stage.sql.query(
      `insert into changes (id, scope_id, entity, entity_id, op, before, after)
       values ($1, $2, 'songs', $1, 'update', '{"title":"secret"}', '{"title":"secret"}')`,
      [id, band],
    )
    const response = await get(people.mia, `changes?scope=${band}&offset=-1`)
    expect(await response.text()).not.toContain('secret')
    const schema = Object.keys(JSON.parse(response.headers.get('electric-schema') ?? '{}') as object)
    expect(schema).toContain('summary')
    expect(schema).not.toContain('before')
    expect(schema).not.toContain('after')
  })
})

describe('what passes', () => {
  test('a snapshot keeps its protocol headers and loses the connection’s', async () => {
    const { headers } = await get(people.mia, `songs?scope=${band}&offset=-1`)
    expect(headers.get('cache-control')).toBe('private, no-store')
    expect(headers.get('vary')).toBe('cookie')
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(
      ['electric-handle', 'electric-offset', 'electric-schema', 'etag'].filter((name) => !headers.get(name)),
    ).toEqual([])
    expect(
      ['content-encoding', 'content-length', 'access-control-allow-origin'].filter((name) => headers.has(name)),
    ).toEqual([])
  })

  test('a reader who has it already gets 304', async () => {
    const { offset, handle } = await catchUp(people.sarah, 'songs', band)
    const path = `songs?scope=${band}&offset=-1`
    const first = await get(people.sarah, path)
    const etag = first.headers.get('etag') ?? expect.unreachable()
    const again = await get(people.sarah, path, { headers: { 'if-none-match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect(again.headers.get('cache-control')).toBe('private, no-store')
    expect([offset, handle]).not.toContain('')
  })

  test('a handle says nothing at -1 and now, where no shape has begun: it may be any', async () => {
    const own = await stage.band({ [people.sarah]: 'owner' })
    await stage.song(own, 'Wonderwall')
    const started = await get(people.sarah, `songs?scope=${own}&offset=-1`)
    const handle = started.headers.get('electric-handle')
    for (const any of ['unknown-1', String(handle)]) {
      const start = await get(people.sarah, `songs?scope=${own}&offset=-1&handle=${any}`)
      expect([start.status, start.headers.get('electric-handle')]).toEqual([200, handle])
      expect(JSON.stringify(await start.json())).toContain('Wonderwall')
      const now = await get(people.sarah, `songs?scope=${own}&offset=now&handle=${any}`)
      expect([now.status, now.headers.get('electric-handle')]).toEqual([200, handle])
      expect(now.headers.has('electric-up-to-date')).toBe(true)
      expect(JSON.stringify(await now.json())).not.toContain('Wonderwall')
    }
  })

  test.each(['&live=true', ''])('an unknown handle is told to fetch again (%s)', async (live) => {
    const response = await get(people.sarah, `songs?scope=${band}&offset=0_0&handle=unknown-1${live}`)
    expect(response.status).toBe(409)
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    expect(response.headers.get('electric-handle')).toMatch(/^\d+-\d+$/)
    expect(await response.json()).toEqual([{ headers: { control: 'must-refetch' } }])
  })
})

describe('a held request', () => {
  test('of somebody removed ends without what was committed afterwards', async () => {
    const own = await stage.band({ [people.sarah]: 'owner', [people.noah]: 'collaborator' })
    const at = await catchUp(people.noah, 'songs', own)
    const [sarahs, noahs] = [get(people.sarah, liveUrl(own, at)), get(people.noah, liveUrl(own, at))]
    await untilWaiting(2)
    await stage.remove(own, people.noah)
    await stage.song(own, 'After he left')
    const text = await (await sarahs).text()
    expect(text).toContain('After he left')
    expect(await codeOf(await noahs)).toBe('403 forbidden')
  })

  test('of a session that was ended elsewhere ends signed out', async () => {
    const guest = await stage.person('Guest')
    const own = await stage.band({ [guest]: 'owner' })
    const held = get(guest, liveUrl(own, await catchUp(guest, 'songs', own)))
    await untilWaiting(1)
    await stage.sql.query(`update users set session_version = 2 where id = $1`, [guest])
    await stage.song(own, 'Not for old sessions')
    expect(await codeOf(await held)).toBe('401 signed_out')
  })

  test('shares its wait with a thousand others, whatever their cursor, and all read the change', async () => {
    const at = await catchUp(people.sarah, 'songs', band)
    const readers = [people.sarah, people.noah, people.mia]
    const cookies = await Promise.all(readers.map((user) => app.cookieOf(user)))
    const held = Array.from({ length: 1_000 }, async (_, n) => {
      const cookie = cookies[n % cookies.length] ?? ''
      const url = `${app.url}/api/shapes/${liveUrl(band, at)}&cursor=${n}`
      const response = await fetch(url, { headers: { cookie } })
      return `${response.status} ${await response.text()}`
    })
    await untilWaiting(1_000)
    expect(sharedAnswers().size).toBe(1)
    await stage.song(band, 'Creep')
    const answers = new Set(await Promise.all(held))
    expect(answers.size).toBe(1)
    expect([...answers][0]).toMatch(/^200 .*"Creep"/)
    expect(sharedAnswers().size).toBe(0)
  })
})
