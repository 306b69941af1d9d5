import { expect, test } from 'vitest'
import { Subject } from './target'
import type { Message, Target } from './target'

/** Status codes, headers, caching, CORS, validation. */
export function httpPromises(target: () => Target): void {
  test.each<[string, Record<string, string>, Record<string, unknown>]>([
    ['no table', { offset: '-1' }, { table: ["can't be blank"] }],
    ['no offset', { table: 'TABLE' }, { offset: ["can't be blank"] }],
    ['offset of no format', { table: 'TABLE', offset: '12' }, { offset: ['has invalid format'] }],
    ['negative offset', { table: 'TABLE', offset: '-2_1' }, { offset: ['has invalid format'] }],
    ['no handle', { table: 'TABLE', offset: '0_0' }, { handle: ["can't be blank when offset != -1"] }],
    [
      'live from the start',
      { table: 'TABLE', offset: '-1', live: 'true' },
      { live: ["can't be true when offset == -1"] },
    ],
    [
      'live from now',
      { table: 'TABLE', offset: 'now', live: 'true' },
      { live: ["can't be true when offset is 'now'"] },
    ],
    [
      'events without live',
      { table: 'TABLE', offset: '0_inf', handle: '1-1', live_sse: 'true' },
      { live_sse: ["can't be true unless live is also true"] },
    ],
    ['unknown replica', { table: 'TABLE', offset: '-1', replica: 'some' }, { replica: ['is invalid'] }],
    ['unknown log', { table: 'TABLE', offset: '-1', log: 'some' }, { log: ['is invalid'] }],
    [
      'key column missing',
      { table: 'TABLE', offset: '-1', columns: 'a' },
      { columns: ['The list of columns must include all primary key columns, missing: id'] },
    ],
    [
      'unknown columns',
      { table: 'TABLE', offset: '-1', columns: 'id,x,y' },
      { columns: ['The following columns are not found on the table: x, y'] },
    ],
    [
      'params by name',
      { table: 'TABLE', offset: '-1', where: 'id = $1', 'params[a]': '1' },
      { params: ['Parameters can only use numbers as keys'] },
    ],
    [
      'params by a name that objects have',
      { table: 'TABLE', offset: '-1', where: 'id = 1', 'params[__proto__]': '1' },
      { params: ['Parameters can only use numbers as keys'] },
    ],
    [
      'params with gaps',
      { table: 'TABLE', offset: '-1', where: 'id = $2', 'params[2]': '1' },
      { params: ['Parameters must be numbered sequentially, starting from 1'] },
    ],
    [
      'clause of no syntax',
      { table: 'TABLE', offset: '-1', where: '1 x 1' },
      { where: ['At location 17: syntax error at or near "x"'] },
    ],
    [
      'clause that is no boolean',
      { table: 'TABLE', offset: '-1', where: 'id' },
      { where: ['WHERE clause must return a boolean'] },
    ],
    [
      'unquoted special characters',
      { table: 'a-b', offset: '-1' },
      { table: ['Invalid unquoted identifier contains special characters: a-b'] },
    ],
    [
      'too many dots',
      { table: 'a.b.c', offset: '-1' },
      { table: ['Invalid relation identifier, too many delimiters: a.b.c'] },
    ],
    [
      'no such table',
      { table: 'nonexistent', offset: '-1' },
      {
        table: [
          'Table "public"."nonexistent" does not exist. If the table name contains capitals or special characters you must quote it.',
        ],
      },
    ],
  ])('PV1 refuses with production’s words: %s', async (_, params, errors) => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY, a text')
    const response = await subject.shape({ ...params, ...(params['table'] === 'TABLE' ? { table } : {}) })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ message: 'Invalid request', errors })
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  test('PV2 unknown parameters mean nothing, and compaction is no part of a shape', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const response = await subject.shape({
      table,
      offset: '-1',
      expired_handle: 'x',
      'cache-buster': '1',
      source_id: 'y',
      nonsense: '1',
    })
    expect(response.status).toBe(200)
    const compacted = await subject.shape({ table, offset: '-1', experimental_compaction: 'true' })
    expect(compacted.headers.get('electric-handle')).toBe(response.headers.get('electric-handle'))
  })

  test('PV3 identifiers are folded and unquoted as Postgres does', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY, "Mixed, Name" text')
    await subject.sql(`INSERT INTO ${table} VALUES (1, 'v')`)
    const reader = await subject.follow({ table: `PUBLIC.${table.toUpperCase()}`, columns: '"id","Mixed, Name"' })
    expect(reader.rows[0]?.value).toEqual({ id: '1', 'Mixed, Name': 'v' })
  })

  test('PV4 of parameters given twice the last counts', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY, a text')
    await subject.sql(`INSERT INTO ${table} VALUES (1, 'x'), (2, 'y')`)
    const query = `${subject.query({ table: 'nonexistent', where: 'true', offset: 'now' })}&table=${table}&where=id%3D1&offset=-1`
    const response = await subject.ask(`/v1/shape?${query}`)
    expect(response.status).toBe(200)
    expect(((await response.json()) as Message[]).flatMap(({ value }) => value?.['id'] ?? [])).toEqual(['1'])
  })

  test('PH1 cache rules follow offset and mode', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const first = await subject.shape({ table, offset: '-1' })
    expect(first.headers.get('cache-control')).toBe(
      'public, max-age=604800, s-maxage=3600, stale-while-revalidate=2629746',
    )
    const reader = await subject.follow({ table })
    const again = await subject.shape(reader.next())
    expect(again.headers.get('cache-control')).toMatch(/^public, max-age=\d+, stale-while-revalidate=\d+$/)
    await subject.sql(`INSERT INTO ${table} VALUES (1)`)
    const { response } = await reader.live()
    expect(response.headers.get('cache-control')).toBe('public, max-age=5, stale-while-revalidate=5')
    expect(response.headers.get('electric-cursor')).toMatch(/^\d+$/)
    expect(response.headers.has('electric-schema')).toBe(false)
  })

  test('PH2 an etag names handle, question and answer, and is answered with 304', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const first = await subject.shape({ table, offset: '-1' })
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toBe(`"${first.headers.get('electric-handle') ?? ''}:-1:0_0"`)
    const again = await subject.shape({ table, offset: '-1' }, { headers: { 'if-none-match': `"other", ${etag}` } })
    expect(again.status).toBe(304)
    expect(await again.text()).toBe('')
    expect(again.headers.get('electric-offset')).toBe('0_0')
  })

  test('PH3 browsers may read every header they need, and nothing more is allowed in a preflight', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const response = await subject.shape({ table, offset: '-1' }, { headers: { origin: 'https://app.example' } })
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(response.headers.get('access-control-expose-headers')?.split(',')).toEqual(
      expect.arrayContaining([
        'electric-cursor',
        'electric-handle',
        'electric-offset',
        'electric-schema',
        'electric-up-to-date',
      ]),
    )
    const preflight = await subject.ask('/v1/shape', {
      method: 'OPTIONS',
      headers: { 'access-control-request-headers': 'authorization, if-none-match' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-max-age')).toBe('86400')
    expect(preflight.headers.get('access-control-allow-headers')).toBe('if-none-match')
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, POST, HEAD, DELETE, OPTIONS')
  })

  test('PH4 HEAD has the headers of GET and no body', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const response = await subject.shape({ table, offset: '-1' }, { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(response.headers.get('electric-offset')).toBe('0_0')
    expect(await response.text()).toBe('')
  })

  test('PH5 unknown paths and methods are 404, / and health need no secret', async () => {
    await using subject = new Subject(target())
    expect((await subject.ask('/')).status).toBe(200)
    const health = await subject.ask('/v1/health')
    expect(health.status).toBe(200)
    expect(await health.json()).toEqual({ status: 'active' })
    expect(health.headers.get('cache-control')).toBe('no-cache, no-store, must-revalidate')
    const unknown = await subject.ask('/v1/unknown')
    expect(unknown.status).toBe(404)
    expect(await unknown.text()).toBe('Not found')
    expect((await subject.ask('/v1/shape', { method: 'PUT' })).status).toBe(404)
  })

  test('PH6 every spelling of the shape path asks for the secret', async () => {
    const { secret } = target()
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    for (const path of ['/v1/shape', '/v1/shape/', '/v1//shape', '/v1/%73hape']) {
      const without = await subject.ask(`${path}?table=${table}&offset=-1`)
      expect(without.status, path).toBe(secret === null ? 200 : 401)
      const given = await subject.ask(`${path}?${subject.query({ table, offset: '-1' })}`)
      expect(given.status, path).toBe(200)
    }
  })

  test('PH7 DELETE ends a shape where it is enabled', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const reader = await subject.follow({ table })
    const response = await subject.shape({ table, handle: reader.handle }, { method: 'DELETE' })
    if (!target().deletesEnabled) {
      expect(response.status).toBe(405)
      expect(await response.json()).toEqual({ message: 'DELETE not allowed' })
      return
    }
    expect(response.status).toBe(202)
    expect(response.headers.get('electric-has-data')).toBe('true')
    expect((await subject.shape(reader.next())).status).toBe(409)
    expect((await subject.shape({ handle: '1-1' }, { method: 'DELETE' })).status).toBe(404)
    const dependent = { table, where: `id IN (SELECT id FROM ${table})` }
    await subject.follow(dependent)
    expect((await subject.shape(dependent, { method: 'DELETE' })).status).toBe(202)
    expect((await subject.shape(dependent, { method: 'DELETE' })).status).toBe(404)
  })

  test('PH8 a very long clause is answered, not cut', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const response = await subject.shape({
      table,
      offset: '-1',
      where: `id IN (${Array.from({ length: 1500 }, (_, i) => i).join(',')})`,
    })
    expect(response.status).toBe(200)
  })
}
