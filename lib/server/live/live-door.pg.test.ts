import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readErrorBody } from '@/lib/protocol/errors'
import type { LiveLine, LiveShapeRequest } from '@/lib/protocol/live'
import { testApp, type TestApp } from '@/scripts/test/app'
import { eventually } from '@/scripts/test/eventually'
import { whileCollectingGarbage } from '@/scripts/test/garbage'
import { backstage, type Backstage } from '@/scripts/test/people'
import { testDatabase } from '@/scripts/test/postgres'
import { Resources } from '@/scripts/test/resources'
import { testSyncService } from '@/scripts/test/sync-service'
import { sharedAnswers } from '../read/shared-answers'
import type { Audiences } from './audience'

let app: TestApp
let stage: Backstage
let audiences: Audiences
const resources = new Resources()
const open: LineReader[] = []

beforeAll(async () => {
  const db = resources.use(await testDatabase({ migrated: true }))
  stage = resources.use(backstage(db))
  const sync = resources.use(await testSyncService(db))
  app = resources.use(await testApp(db, { sync }))
  // The app's own, not the one of this file's imports.
  audiences = (await import('./audience')).audiences()
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((reader) => reader.leave()))
  await eventually(() => expect(sharedAnswers().size).toBe(0))
})
afterAll(() => resources.dispose())

type ShapeLine = Extract<LiveLine, { id: string }>

/** Reads lines of a live answer one by one. */
class LineReader {
  readonly #lines: AsyncGenerator<LiveLine>
  readonly #abort: AbortController

  constructor(
    readonly response: Response,
    abort: AbortController,
  ) {
    this.#abort = abort
    this.#lines = linesOf(response)
    open.push(this)
  }

  /** The next line; null at the end. */
  async next(): Promise<LiveLine | null> {
    const { value, done } = await this.#lines.next()
    return done ? null : value
  }

  /** The next line that is no heartbeat; null at the end. */
  async nextShape(): Promise<ShapeLine | null> {
    for (;;) {
      const line = await this.next()
      if (line === null || 'id' in line) return line
    }
  }

  async rest(): Promise<LiveLine[]> {
    const lines: LiveLine[] = []
    for (let line = await this.next(); line; line = await this.next()) lines.push(line)
    return lines
  }

  async leave(): Promise<void> {
    this.#abort.abort()
    await this.#lines.return(undefined).catch(() => {})
  }
}

async function* linesOf(response: Response): AsyncGenerator<LiveLine> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    const lines = (text + decoder.decode(chunk, { stream: true })).split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as LiveLine
  }
  expect(text).toBe('')
}

const post = (user: string, body: unknown, init: RequestInit = {}) =>
  app.as(user)('/api/shapes/live', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
    headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string> | undefined) },
  })

async function live(user: string, shapes: LiveShapeRequest[], rest: Record<string, unknown> = {}): Promise<LineReader> {
  const abort = new AbortController()
  return new LineReader(await post(user, { shapes, ...rest }, { signal: abort.signal }), abort)
}

/** Where the present of a shape is. */
async function present(user: string, entity: string, scope: string): Promise<LiveShapeRequest> {
  let [offset, handle] = ['-1', '']
  for (;;) {
    const response = await app.as(user)(`/api/shapes/${entity}?scope=${scope}&offset=${offset}&handle=${handle}`)
    expect(response.status).toBe(200)
    await response.arrayBuffer()
    offset = response.headers.get('electric-offset') ?? ''
    handle = response.headers.get('electric-handle') ?? ''
    if (response.headers.has('electric-up-to-date')) return { id: `${entity}/${scope}`, entity, scope, offset, handle }
  }
}

const titlesIn = (line: LiveLine | null) =>
  line && 'id' in line && Array.isArray(line.body)
    ? line.body.flatMap((each) => (each as { value?: { title?: string } }).value?.title ?? [])
    : null

/** Resolves when this many readers wait in this process: shapes of streams, and long polls. An audience asks upstream as one reader. */
const untilWaiting = (readers: number) =>
  eventually(() => expect(audiences.listeners + sharedAnswers().readers - audiences.size).toBe(readers))

async function sarahsBand() {
  const sarah = await stage.person('Sarah')
  const band = await stage.band({ [sarah]: 'owner' })
  return { sarah, band }
}

test('the first line is a heartbeat with the server’s time, said at once', async () => {
  const { sarah, band } = await sarahsBand()
  const lines = await live(sarah, [await present(sarah, 'songs', band)])
  expect(lines.response.headers.get('content-type')).toBe('application/x-ndjson')
  expect(lines.response.headers.get('cache-control')).toBe('private, no-store')
  expect(lines.response.headers.get('vary')).toBe('cookie')
  expect(await lines.next()).toEqual({ heartbeat: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) })
})

test('each change is a line of its shape, from where the last one ended, without being asked again', async () => {
  const { sarah, band } = await sarahsBand()
  const [songs, setlists] = [await present(sarah, 'songs', band), await present(sarah, 'setlists', band)]
  const lines = await live(sarah, [songs, setlists])
  const seen: string[] = [`${songs.handle} ${songs.offset}`]
  for (const title of ['Creep', 'Line\nbreak "and" \\ more', 'Airbag']) {
    await stage.song(band, title)
    const line = await lines.nextShape()
    expect(line).toMatchObject({ id: songs.id, status: 200, headers: { 'electric-up-to-date': '' } })
    expect(titlesIn(line)).toEqual([title])
    seen.push(`${line?.headers['electric-handle']} ${line?.headers['electric-offset']}`)
  }
  expect(new Set(seen).size).toBe(4)
  await stage.sql.query(`insert into setlists (id, band_id, name) values ($1, $2, 'Tonight')`, [randomUUID(), band])
  expect(await lines.nextShape()).toMatchObject({ id: setlists.id, status: 200 })
})

test('a shape from the very beginning comes as its snapshot and goes on live', async () => {
  const { sarah, band } = await sarahsBand()
  await stage.song(band, 'Wonderwall')
  const lines = await live(sarah, [{ id: 'x', entity: 'songs', scope: band, offset: '-1' }])
  const titles: string[] = []
  for (let isUpToDate = false; !isUpToDate;) {
    const line = await lines.nextShape()
    titles.push(...(titlesIn(line) ?? []))
    isUpToDate = line?.headers['electric-up-to-date'] !== undefined
  }
  await stage.song(band, 'Creep')
  titles.push(...(titlesIn(await lines.nextShape()) ?? []))
  expect(titles).toEqual(['Wonderwall', 'Creep'])
})

test('what is refused is a line, and the others go on', async () => {
  const { sarah, band } = await sarahsBand()
  const other = await sarahsBand()
  const songs = await present(sarah, 'songs', band)
  const lines = await live(sarah, [
    { id: 'foreign', entity: 'songs', scope: other.band, offset: '-1' },
    { id: 'unknown', entity: '__proto__', scope: band, offset: '-1' },
    { id: 'no scope', entity: 'songs', offset: '-1' },
    { id: 'bad offset', entity: 'songs', scope: band, offset: 'x' },
    { id: 'no handle', entity: 'songs', scope: band, offset: '0_0' },
    { id: 'old handle', entity: 'songs', scope: band, offset: '0_0', handle: 'gone-1' },
    songs,
  ])
  const refused = new Map<string, string>()
  while (refused.size < 6) {
    const line = await lines.nextShape()
    const code = readErrorBody(line?.body)?.code ?? JSON.stringify(line?.body)
    refused.set(line?.id ?? '', `${line?.status} ${code}`)
  }
  expect(Object.fromEntries(refused)).toEqual({
    foreign: '403 forbidden',
    unknown: '404 not_found',
    'no scope': '400 invalid',
    'bad offset': '400 invalid',
    'no handle': '400 invalid',
    'old handle': '409 [{"headers":{"control":"must-refetch"}}]',
  })
  await stage.song(band, 'Creep')
  expect(titlesIn(await lines.nextShape())).toEqual(['Creep'])
})

test('when every shape is at its end, so is the answer', async () => {
  const { sarah } = await sarahsBand()
  const lines = await live(sarah, [{ id: 'unknown', entity: 'nope', offset: '-1' }])
  expect(await lines.rest()).toHaveLength(2)
})

describe('on the way out', () => {
  test('somebody removed hears 403 instead of what was committed afterwards', async () => {
    const { sarah, band } = await sarahsBand()
    const noah = await stage.person('Noah')
    const both = await stage.band({ [sarah]: 'owner', [noah]: 'collaborator' })
    const at = await present(noah, 'songs', both)
    const [sarahs, noahs] = [await live(sarah, [at]), await live(noah, [at, await present(noah, 'band_members', both)])]
    await untilWaiting(3)
    await stage.remove(both, noah)
    await stage.song(both, 'After he left')
    expect(titlesIn(await sarahs.nextShape())).toEqual(['After he left'])
    const told = [await noahs.nextShape(), await noahs.nextShape()]
    expect(told.map((line) => readErrorBody(line?.body)?.code)).toEqual(['forbidden', 'forbidden'])
    expect(await noahs.next()).toBeNull()
    expect(band).not.toBe(both)
  })

  test('a session ended elsewhere is a 401 line and the end', async () => {
    const { sarah, band } = await sarahsBand()
    const lines = await live(sarah, [await present(sarah, 'songs', band), await present(sarah, 'shows', band)])
    await untilWaiting(2)
    await stage.sql.query(`update users set session_version = 2 where id = $1`, [sarah])
    await stage.song(band, 'Not for old sessions')
    const rest = await lines.rest()
    expect(JSON.stringify(rest)).not.toContain('Not for old sessions')
    expect(rest.at(-1)).toMatchObject({ status: 401, body: { error: { code: 'signed_out' } } })
  })
})

describe('sharing', () => {
  test('all clients of a shape, streams and long polls, are one poll upstream', async () => {
    const { sarah, band } = await sarahsBand()
    const at = await present(sarah, 'songs', band)
    const streams = await Promise.all(Array.from({ length: 50 }, () => live(sarah, [at])))
    const poll = app.as(sarah)(
      `/api/shapes/songs?scope=${band}&offset=${at.offset}&handle=${at.handle}&live=true&cursor=7`,
    )
    await untilWaiting(51)
    expect(sharedAnswers().size).toBe(1)
    await stage.song(band, 'Creep')
    const lines = await Promise.all(streams.map((each) => each.nextShape()))
    expect(new Set(lines.map((line) => JSON.stringify(line))).size).toBe(1)
    expect(titlesIn(lines[0] ?? null)).toEqual(['Creep'])
    expect(await (await poll).text()).toContain('Creep')
    // And so they stay together.
    await untilWaiting(50)
    expect(sharedAnswers().size).toBe(1)
  })

  test('upstream is let go when the last client leaves', async () => {
    const { sarah, band } = await sarahsBand()
    const at = await present(sarah, 'songs', band)
    const [one, two] = [await live(sarah, [at]), await live(sarah, [at])]
    await untilWaiting(2)
    await one.leave()
    await untilWaiting(1)
    await two.leave()
    await untilWaiting(0)
  })
})

test('while garbage is collected all the time every first read is whole, no stream dies, and whoever leaves leaves nothing', async () => {
  const { sarah, band } = await sarahsBand()
  const first = Array.from({ length: 100 }, (_, n) => `Old ${n}`)
  await Promise.all(first.map((title) => stage.song(band, title)))
  const at = await present(sarah, 'songs', band)
  await whileCollectingGarbage(async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => live(sarah, [at])))
    const read = async (signal: AbortSignal) => {
      const response = await app.as(sarah)(`/api/shapes/songs?scope=${band}&offset=-1`, { signal })
      const rows: unknown = await response.json()
      return [response.status, JSON.stringify(rows).split('"Old ').length - 1]
    }
    const reads = Promise.all(Array.from({ length: 50 }, () => read(new AbortController().signal)))
    const left = Array.from({ length: 25 }, (__, n) => read(AbortSignal.timeout(n)).catch(() => null))
    const titles = ['Creep', 'Airbag', 'Lucky']
    for (const title of titles) await stage.song(band, title)
    for (const stream of streams) {
      const told: string[] = []
      while (told.length < titles.length) told.push(...(titlesIn(await stream.nextShape()) ?? expect.unreachable()))
      expect(told).toEqual(titles)
    }
    expect(new Set((await reads).map(String))).toEqual(new Set(['200,100']))
    await Promise.all(left)
    await untilWaiting(20)
    await Promise.all(streams.map((stream) => stream.leave()))
    await untilWaiting(0)
    expect(sharedAnswers().size).toBe(0)
  })
})

describe('hold', () => {
  test('seconds ends after the first news', async () => {
    const { sarah, band } = await sarahsBand()
    const lines = await live(sarah, [await present(sarah, 'songs', band)], { hold: 60 })
    await untilWaiting(1)
    await stage.song(band, 'Creep')
    const [heartbeat, news, ...more] = await lines.rest()
    expect(heartbeat).toHaveProperty('heartbeat')
    expect(titlesIn(news ?? null)).toEqual(['Creep'])
    expect(more).toEqual([])
  })

  test('seconds ends after that time with nothing to tell', async () => {
    const { sarah, band } = await sarahsBand()
    const lines = await live(sarah, [await present(sarah, 'songs', band)], { hold: 0.2 })
    expect((await lines.rest()).map((line) => Object.keys(line))).toEqual([['heartbeat']])
  })

  test('0 is one catch-up of every shape, and idle ones cost no lines', async () => {
    const { sarah, band } = await sarahsBand()
    const shapes = [await present(sarah, 'songs', band), await present(sarah, 'shows', band)]
    expect(await (await live(sarah, shapes, { hold: 0 })).rest()).toHaveLength(1)
    await stage.song(band, 'Creep')
    await eventually(async () => {
      const lines = await (await live(sarah, shapes, { hold: 0 })).rest()
      expect(lines.map(titlesIn)).toEqual([null, ['Creep']])
    })
  })
})

describe('bad input', () => {
  const shape = { id: 'a', entity: 'songs', scope: randomUUID(), offset: '-1' }
  test.each([
    ['not json', '{', 400, 'invalid'],
    ['a list', [], 400, 'invalid'],
    ['null', 'null', 400, 'invalid'],
    ['no shapes', {}, 400, 'invalid'],
    ['empty shapes', { shapes: [] }, 400, 'invalid'],
    ['101 shapes', { shapes: Array.from({ length: 101 }, (_, n) => ({ ...shape, id: `${n}` })) }, 400, 'invalid'],
    ['two shapes of one id', { shapes: [shape, shape] }, 400, 'invalid'],
    ['a shape without id', { shapes: [{ ...shape, id: undefined }] }, 400, 'invalid'],
    ['a shape that is text', { shapes: ['songs'] }, 400, 'invalid'],
    ['an unknown field', { shapes: [shape], table: 'users' }, 400, 'invalid'],
    ['hold that is no number', { shapes: [shape], hold: '5' }, 400, 'invalid'],
    ['a negative hold', { shapes: [shape], hold: -1 }, 400, 'invalid'],
    ['a userId that is no text', { shapes: [shape], userId: 7 }, 400, 'invalid'],
    ['somebody else’s userId', { shapes: [shape], userId: randomUUID() }, 401, 'other_user'],
    ['more than 256 KB', { shapes: [{ ...shape, id: 'x'.repeat(300_000) }] }, 413, 'too_large'],
  ])('%s: %#', async (_, body, status, code) => {
    const { sarah } = await sarahsBand()
    const response = await post(sarah, body)
    const text = await response.text()
    expect([response.status, readErrorBody(JSON.parse(text))?.code]).toEqual([status, code])
    expect(response.headers.get('cache-control')).toBe('private, no-store')
  })

  test('nobody, another site, a form and a GET are refused', async () => {
    const { sarah } = await sarahsBand()
    const url = `${app.url}/api/shapes/live`
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(url, { method: 'POST', body: '{}', headers })).status).toBe(401)
    expect((await post(sarah, {}, { headers: { origin: 'https://evil.example' } })).status).toBe(403)
    expect((await post(sarah, {}, { headers: { origin: 'null' } })).status).toBe(403)
    expect((await post(sarah, {}, { headers: { 'content-type': 'text/plain' } })).status).toBe(415)
    const get = await app.as(sarah)('/api/shapes/live')
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
    expect((await post(sarah, {}, { headers: { origin: app.url } })).status).toBe(400)
  })
})
