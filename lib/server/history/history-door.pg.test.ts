import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allEntities } from '@/entities'
import { readErrorBody } from '@/lib/protocol/errors'
import { textIn, type JsonRow } from '@/lib/protocol/json'
import { testApp, type TestApp } from '@/scripts/test/app'
import { eventually } from '@/scripts/test/eventually'
import { backstage, type Backstage } from '@/scripts/test/people'
import { testDatabase } from '@/scripts/test/postgres'
import { Resources } from '@/scripts/test/resources'

let app: TestApp
let stage: Backstage
let sarah: string
let mia: string
let olga: string
let band: string
const resources = new Resources()

beforeAll(async () => {
  const db = resources.use(await testDatabase({ migrated: true }))
  stage = resources.use(backstage(db))
  app = resources.use(await testApp(db))
  sarah = await stage.person('Sarah')
  mia = await stage.person('Mia')
  olga = await stage.person('Olga')
  band = await stage.band({ [sarah]: 'owner', [mia]: 'viewer' })
})
afterAll(() => resources.dispose())

interface Page {
  rows: JsonRow[]
  next: string | null
}

const get = (user: string, path: string) => app.as(user)(`/api/history/${path}`)

async function page(user: string, path: string): Promise<Page> {
  const response = await get(user, path)
  const text = await response.text()
  expect([response.status, text]).toEqual([200, expect.anything()])
  expect(response.headers.get('cache-control')).toBe('private, no-store')
  return JSON.parse(text) as Page
}

async function codeOf(response: Response): Promise<string> {
  return `${response.status} ${readErrorBody(await response.json())?.code}`
}

/** Until somebody waits for a table that another transaction has locked. */
async function untilWaitedFor(table: string): Promise<void> {
  await eventually(async () => {
    const { rowCount } = await stage.sql.query(`select from pg_locks where not granted and relation = $1::regclass`, [
      table,
    ])
    expect(rowCount).toBe(1)
  })
}

async function conversation(): Promise<string> {
  const id = randomUUID()
  await stage.sql.query(`insert into conversations (id, band_id, title, kind) values ($1, $2, 'Chat', 'general')`, [
    id,
    band,
  ])
  return id
}

async function message(in_: string, body: string, createdAt: string): Promise<void> {
  await stage.sql.query(
    `insert into messages (id, band_id, conversation_id, body, created_at) values ($1, $2, $3, $4, $5)`,
    [randomUUID(), band, in_, body, createdAt],
  )
}

describe('pages', () => {
  test('lead from the newest to the oldest, each row once, however many share a moment', async () => {
    const chat = await conversation()
    for (let n = 0; n < 25; n += 1) await message(chat, `${n}`, `2026-11-20T18:00:0${Math.floor(n / 7)}.123Z`)
    const seen: JsonRow[] = []
    let [before, pages] = ['', 0]
    for (let next: string | null = ''; next !== null; pages += 1) {
      const read: Page = await page(mia, `messages?scope=${band}&group=${chat}&limit=4${before}`)
      seen.push(...read.rows)
      next = read.next
      before = `&before=${next}`
    }
    expect(pages).toBe(7)
    expect(seen.map(({ body }) => Number(body)).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 25 }, (_, n) => n),
    )
    const order = seen.map((row) => `${textIn(row, 'created_at')} ${textIn(row, 'id')}`)
    expect(order).toEqual(order.toSorted().toReversed())
    expect(seen[0]).toMatchObject({ created_at: '2026-11-20T18:00:03.123Z', conversation_id: chat, version: 1 })
  })

  test('stay where they are while new rows arrive', async () => {
    const chat = await conversation()
    for (let n = 0; n < 4; n += 1) await message(chat, `${n}`, `2026-11-20T18:00:0${n}.000Z`)
    const first = await page(sarah, `messages?scope=${band}&group=${chat}&limit=2`)
    await message(chat, 'new', '2026-11-20T18:00:09.000Z')
    const second = await page(sarah, `messages?scope=${band}&group=${chat}&limit=2&before=${first.next}`)
    expect([...first.rows, ...second.rows].map(({ body }) => body)).toEqual(['3', '2', '1', '0'])
    expect(second.next).toBeNull()
  })

  test('of a group are that group’s alone, without one the whole scope’s', async () => {
    const own = await stage.band({ [sarah]: 'owner' })
    const change = (entityId: string) =>
      stage.sql.query(
        `insert into changes (id, scope_id, entity, entity_id, op) values ($1, $2, 'songs', $3, 'update')`,
        [randomUUID(), own, entityId],
      )
    const [one, two] = [randomUUID(), randomUUID()]
    for (const id of [one, two, one]) await change(id)
    expect((await page(sarah, `changes?scope=${own}&group=${one}`)).rows).toHaveLength(2)
    expect((await page(sarah, `changes?scope=${own}`)).rows).toHaveLength(3)
    expect((await page(sarah, `changes?scope=${own}&group=${randomUUID()}`)).rows).toEqual([])
  })
})

describe('trash', () => {
  test('holds deleted rows of any entity that keeps them, and no living ones', async () => {
    const [gone, alive] = [await stage.song(band, 'Gone'), await stage.song(band, 'Alive')]
    await stage.sql.query(`update songs set deleted_at = now() where id = $1`, [gone])
    const { rows } = await page(mia, `songs?scope=${band}&deleted=1`)
    expect(rows.map(({ id }) => id)).toEqual([gone])
    expect(rows[0]).toMatchObject({ title: 'Gone', deleted_at: expect.stringMatching(/^\d{4}-.*Z$/) })
    expect(rows.map(({ id }) => id)).not.toContain(alive)
  })

  test.each(allEntities.map(({ name, columns, scope }) => [name, columns.includes('deleted_at'), scope.kind] as const))(
    '%s can be asked for',
    async (name, keepsDeleted, kind) => {
      const scope = kind === 'user' ? sarah : kind === 'project' ? null : band
      if (scope === null) return expect((await get(sarah, `${name}?scope=${randomUUID()}&deleted=1`)).status).toBe(403)
      const response = await get(sarah, `${name}?scope=${scope}&deleted=1`)
      expect(response.status).toBe(keepsDeleted ? 200 : 400)
    },
  )

  test('a deleted band is listed by who owned it, without naming it, and by nobody else', async () => {
    const own = await stage.band({ [sarah]: 'owner', [mia]: 'collaborator' })
    await asUser(sarah, `select app.delete_container('bands', '${own}')`)
    expect((await page(sarah, 'bands?deleted=1')).rows.map(({ id }) => id)).toContain(own)
    expect((await page(mia, 'bands?deleted=1')).rows).toEqual([])
    expect((await page(olga, 'bands?deleted=1')).rows).toEqual([])
    expect(await codeOf(await get(sarah, `bands?deleted=1&scope=${own}`))).toBe('403 forbidden')
    await stage.sql.query(`update bands set deleted_at = now() - interval '31 days' where id = $1`, [own])
    expect((await page(sarah, 'bands?deleted=1')).rows.map(({ id }) => id)).not.toContain(own)
  })
})

describe('who may read', () => {
  test('strangers, other people and roles that may not read get one answer', async () => {
    const answers = await Promise.all([
      get(olga, `messages?scope=${band}`),
      get(olga, `messages?scope=${randomUUID()}`),
      get(mia, `invites?scope=${band}&deleted=1`),
      get(sarah, `song_notes?scope=${mia}&deleted=1`),
      get(sarah, `changes?scope=${mia}`),
    ])
    expect(new Set(await Promise.all(answers.map(codeOf)))).toEqual(new Set(['403 forbidden']))
  })

  test('nobody, an old session and another user are told so', async () => {
    expect((await fetch(`${app.url}/api/history/messages?scope=${band}`)).status).toBe(401)
    expect(await codeOf(await app.as(sarah, 2)(`/api/history/messages?scope=${band}`))).toBe('401 signed_out')
    const headers = { 'backline-user': mia }
    expect(await codeOf(await app.as(sarah)(`/api/history/messages?scope=${band}`, { headers }))).toBe('401 other_user')
  })

  test.each([
    ['removed from the band', '403 forbidden', `update band_members set deleted_at = now() where user_id = $1`],
    ['signed out everywhere', '401 signed_out', `update users set session_version = session_version + 1 where id = $1`],
  ])('who is %s while a page is read gets %s and nothing of it', async (_, answer, ending) => {
    const noah = await stage.person('Noah')
    const theirs = await stage.band({ [sarah]: 'owner', [noah]: 'collaborator' })
    await stage.sql.query(
      `insert into changes (id, scope_id, entity, entity_id, op, summary) values ($1, $2, 'songs', $1, 'insert', 'Told')`,
      [randomUUID(), theirs],
    )
    expect((await page(noah, `changes?scope=${theirs}`)).rows).toHaveLength(1)
    // The reader was let in, and their page waits for the table.
    const holder = await stage.sql.connect()
    try {
      await holder.query('begin')
      await holder.query('lock table changes in access exclusive mode')
      const waiting = get(noah, `changes?scope=${theirs}`)
      await untilWaitedFor('changes')
      await stage.sql.query(ending, [noah])
      await holder.query('commit')
      expect(await codeOf(await waiting)).toBe(answer)
    } finally {
      holder.release()
    }
  })

  test('before and after of a change are for those who may read the row it changed', async () => {
    const own = await stage.band({ [sarah]: 'owner', [mia]: 'viewer' })
    for (const entity of ['songs', 'invites', 'no_longer_known']) {
      await stage.sql.query(
        `insert into changes (id, scope_id, entity, entity_id, op, before, after) values ($1, $2, $3, $1, 'update', '{"a":1}', '{"a":2}')`,
        [randomUUID(), own, entity],
      )
    }
    const shown = async (user: string) =>
      Object.fromEntries(
        (await page(user, `changes?scope=${own}`)).rows.map((row) => [row['entity'], row['before'] ?? null]),
      )
    expect(await shown(sarah)).toEqual({ songs: { a: 1 }, invites: { a: 1 }, no_longer_known: null })
    expect(await shown(mia)).toEqual({ songs: { a: 1 }, invites: null, no_longer_known: null })
  })
})

describe('bad input', () => {
  test.each([
    'scope=x',
    '',
    `scope=${randomUUID()}&scope=${randomUUID()}`,
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=1.5',
    'limit=',
    'deleted=true',
    'group=x',
    'before=x',
    `before=${Buffer.from('2026-11-20 x').toString('base64url')}`,
    `before=${Buffer.from(`' or 1=1 -- ${randomUUID()}`).toString('base64url')}`,
    ...['+010000-01-01T00:00:00.000Z', '-000001-01-01T00:00:00.000Z', '0000-01-01T00:00:00.000Z'].map(
      (at) => `before=${Buffer.from(`${at} ${randomUUID()}`).toString('base64url')}`,
    ),
    'offset=-1',
    '__proto__=1',
  ])('?%s', async (query) => {
    const scope = query.includes('scope') || query === '' ? '' : `scope=${band}&`
    expect(await codeOf(await get(sarah, `messages?${scope}${query}`))).toBe('400 invalid')
  })

  test('living rows are read live, except where they grow without end', async () => {
    expect(await codeOf(await get(sarah, `songs?scope=${band}`))).toBe('400 invalid')
    expect(await codeOf(await get(sarah, `songs?scope=${band}&deleted=1&group=${randomUUID()}`))).toBe('400 invalid')
  })

  test.each(['nope', '__proto__', 'users'])('there is no %s', async (name) => {
    expect(await codeOf(await get(sarah, `${name}?scope=${band}`))).toBe('404 not_found')
  })

  test('a POST is refused', async () => {
    const response = await app.as(sarah)(`/api/history/messages?scope=${band}`, { method: 'POST' })
    expect(await codeOf(response)).toBe('405 method')
  })
})

/** Runs one statement as a person, as the write door does. */
async function asUser(user: string, statement: string): Promise<void> {
  const client = await stage.sql.connect()
  try {
    await client.query('begin')
    await client.query(`select set_config('app.user_id', $1, true)`, [user])
    await client.query(statement)
    await client.query('commit')
  } finally {
    client.release()
  }
}
