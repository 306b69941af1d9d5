import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { NIGHT_SHIFT, SAMPLE_USERS } from '@/db/sample-ids'
import { eventually } from '@/scripts/test/eventually'
import { insert, sharedSampleBand, update } from '@/scripts/test/sample-band'
import { applied } from '@/scripts/test/writer'

const band = sharedSampleBand()

type Answer = { status: number; body: Record<string, unknown> | null; headers: Headers }

async function ask(
  who: keyof typeof SAMPLE_USERS,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await band.app.as(SAMPLE_USERS[who].id)(path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
}

describe('one write as plain REST', () => {
  test('POST answers 201 with the row, PATCH 200, DELETE 204', async () => {
    const made = await ask('sarah', 'POST', '/api/songs', { band_id: NIGHT_SHIFT, title: 'By curl' })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ row: { title: 'By curl', version: 1, status: 'idea' }, txid: expect.any(String) })
    const row = made.body?.['row'] as { id: string; created_at: string }
    expect(row.created_at).toMatch(/T.*Z$/)
    const patched = await ask('alex', 'PATCH', `/api/songs/${row.id}`, {
      patch: { artist: 'Me' },
      base: { artist: null },
    })
    expect(patched).toMatchObject({ status: 200, body: { row: { artist: 'Me', version: 2 } } })
    expect(await ask('sarah', 'DELETE', `/api/songs/${row.id}`)).toMatchObject({ status: 204, body: null })
    expect(await ask('sarah', 'DELETE', `/api/songs/${row.id}`)).toMatchObject({ status: 204 })
  })

  test('the path says which row and what is done to it, whatever the body says', async () => {
    const [song, other] = [1, 2].map((n) => insert('songs', { band_id: NIGHT_SHIFT, title: `Song ${n}` }))
    if (!song || !other) throw new Error('two songs were made')
    for (const result of await band.writers.sarah.send(song, other)) applied(result)
    const said = { id: randomUUID(), entity: 'setlists', key: other.key, op: 'restore' }
    const patched = await ask('sarah', 'PATCH', `/api/songs/${song.key}`, { ...said, patch: { title: 'Meant' } })
    expect(patched).toMatchObject({ status: 200, body: { row: { id: song.key, title: 'Meant', version: 2 } } })
    expect(await band.row('songs', other.key)).toMatchObject({ title: 'Song 2', version: 1 })
  })

  test('a conflict answers 409 with both sides', async () => {
    const song = insert('songs', { band_id: NIGHT_SHIFT, title: 'A' })
    for (const result of await band.writers.sarah.send(song, update('songs', song.key, { title: 'B' }, { title: 'A' })))
      applied(result)
    const answer = await ask('alex', 'PATCH', `/api/songs/${song.key}`, { patch: { title: 'C' }, base: { title: 'A' } })
    expect(answer).toMatchObject({
      status: 409,
      body: {
        error: { code: 'conflict' },
        current: { title: 'B' },
        fields: [{ field: 'title', base: 'A', yours: 'C', theirs: 'B' }],
      },
    })
  })

  test('refusals carry their status and what is wrong', async () => {
    const values = { band_id: NIGHT_SHIFT, title: 'No' }
    const cases: [Promise<Answer>, number, string][] = [
      [ask('sarah', 'POST', '/api/songs', { ...values, version: 9 }), 400, 'invalid'],
      [ask('sarah', 'POST', '/api/songs', '{"title":'), 400, 'invalid'],
      [ask('sarah', 'POST', '/api/songs', values, { 'idempotency-key': 'no uuid' }), 400, 'invalid'],
      [ask('mia', 'POST', '/api/songs', values), 403, 'forbidden'],
      [ask('sarah', 'POST', '/api/songs', values, { origin: 'https://evil.example' }), 403, 'origin'],
      [
        ask('sarah', 'DELETE', `/api/songs/${randomUUID()}`, undefined, { origin: 'https://evil.example' }),
        403,
        'origin',
      ],
      [ask('sarah', 'PATCH', `/api/songs/${randomUUID()}`, { patch: { title: 'X' } }), 404, 'not_found'],
      [ask('sarah', 'POST', '/api/nothing', values), 404, 'not_found'],
      [ask('sarah', 'GET', '/api/nothing'), 404, 'not_found'],
      [ask('sarah', 'GET', '/api'), 404, 'not_found'],
      [ask('sarah', 'DELETE', '/api/songs/of/nobody'), 404, 'not_found'],
      [ask('sarah', 'POST', '/api/__proto__', values), 404, 'not_found'],
      [ask('sarah', 'PUT', '/api/songs', values), 405, 'method'],
      [ask('sarah', 'POST', '/api/songs', { ...values, notes: 'x'.repeat(2_100_000) }), 413, 'too_large'],
      [
        ask('sarah', 'POST', '/api/songs', 'title=No', { 'content-type': 'application/x-www-form-urlencoded' }),
        415,
        'content_type',
      ],
    ]
    for (const [asked, status, code] of cases) {
      const answer = await asked
      expect(answer).toMatchObject({ status, body: { error: { code } } })
      expect(answer.headers.get('cache-control')).toBe('private, no-store')
    }
    const unsigned = await fetch(`${band.app.url}/api/songs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect(unsigned.status).toBe(401)
  })

  test('a request repeated under its key makes one row, also where it names no id', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const body = { band_id: NIGHT_SHIFT, title: 'Twice' }
    const [first, second] = [
      await ask('sarah', 'POST', '/api/songs', body, headers),
      await ask('sarah', 'POST', '/api/songs', body, headers),
    ]
    expect(second).toMatchObject({ status: 201, body: first.body })
    expect(await band.rows(`SELECT FROM songs WHERE title = 'Twice'`)).toHaveLength(1)
  })

  test('who loses the band once their write is done is answered all the same; who asks again finds nothing', async () => {
    const noah = SAMPLE_USERS.noah.id
    const headers = { 'idempotency-key': randomUUID() }
    const body = { band_id: NIGHT_SHIFT, title: 'The last one' }
    const membership = `user_id = '${noah}' AND band_id = '${NIGHT_SHIFT}'`
    // The moment between the write and its answer: removed by the very transaction that wrote.
    await band.rows(`CREATE FUNCTION remove_noah() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN UPDATE public.band_members SET deleted_at = now() WHERE ${membership}; RETURN NULL; END $$`)
    await band.rows(`CREATE CONSTRAINT TRIGGER removes AFTER INSERT ON applied_writes DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION remove_noah()`)
    try {
      const answer = await ask('noah', 'POST', '/api/songs', body, headers)
      expect(answer).toMatchObject({
        status: 201,
        body: { row: { title: 'The last one', version: 1 }, txid: expect.any(String) },
      })
      expect(await ask('noah', 'POST', '/api/songs', body, headers)).toMatchObject({
        status: 404,
        body: { error: { code: 'not_found' } },
      })
    } finally {
      await band.rows('DROP TRIGGER removes ON applied_writes')
      await band.rows(`UPDATE band_members SET deleted_at = NULL WHERE ${membership}`)
    }
  })

  test('a row whose key follows from its meaning needs no id, and is made once', async () => {
    const practice = insert('practices', { band_id: NIGHT_SHIFT })
    applied(await band.writers.sarah.one(practice))
    const answer = (said: string) =>
      ask('mia', 'POST', '/api/attendance', {
        band_id: NIGHT_SHIFT,
        subject_entity: 'practices',
        subject_id: practice.key,
        answer: said,
      })
    const [first, second] = [await answer('yes'), await answer('no')]
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.body?.['row']).toMatchObject({
      id: (first.body?.['row'] as { id: string } | undefined)?.id,
      answer: 'no',
      version: 2,
    })
  })
})

describe('presence', () => {
  const clientId = randomUUID()
  const here = { band_id: NIGHT_SHIFT, client_id: clientId }

  test('one row for each browser, renewed by each heartbeat and gone on leaving', async () => {
    expect((await ask('mia', 'POST', '/api/presence', { ...here, page: '/songs' })).status).toBe(204)
    expect((await ask('mia', 'POST', '/api/presence', { ...here, page: '/chat' })).status).toBe(204)
    const rows = await band.rows('SELECT user_id, page FROM presence WHERE client_id = $1', clientId)
    expect(rows).toEqual([{ user_id: SAMPLE_USERS.mia.id, page: '/chat' }])
    // Another person in the same browser has a row of their own.
    expect((await ask('sarah', 'POST', '/api/presence', here)).status).toBe(204)
    expect((await ask('mia', 'POST', '/api/presence', { ...here, gone: true })).status).toBe(204)
    expect(await band.rows('SELECT user_id FROM presence WHERE client_id = $1', clientId)).toEqual([
      { user_id: SAMPLE_USERS.sarah.id },
    ])
  })

  test('a heartbeat removes those who fell silent in that band, by the server’s clock', async () => {
    await ask('alex', 'POST', '/api/presence', here)
    await ask('noah', 'POST', '/api/presence', here)
    await band.rows(
      `UPDATE presence SET last_seen_at = clock_timestamp() - interval '46 seconds' WHERE user_id = $1`,
      SAMPLE_USERS.noah.id,
    )
    await ask('sarah', 'POST', '/api/presence', here)
    const left = await band.rows('SELECT user_id FROM presence WHERE band_id = $1', NIGHT_SHIFT)
    expect(left.map(({ user_id }) => user_id)).toContain(SAMPLE_USERS.alex.id)
    expect(left.map(({ user_id }) => user_id)).not.toContain(SAMPLE_USERS.noah.id)
  })

  test('people who come back at one moment are all here, whoever of them removes the silent', async () => {
    const browsers = [1, 2].flatMap(() =>
      (['sarah', 'alex', 'noah', 'mia'] as const).map((who) => ({ who, client_id: randomUUID() })),
    )
    const beat = ({ who, client_id }: (typeof browsers)[number]) =>
      ask(who, 'POST', '/api/presence', { band_id: NIGHT_SHIFT, client_id })
    await Promise.all(browsers.map(beat))
    for (let night = 0; night < 5; night++) {
      await band.rows(`UPDATE presence SET last_seen_at = clock_timestamp() - interval '8 hours'`)
      const answers = await Promise.all(browsers.map(beat))
      expect(answers.map(({ status }) => status)).toEqual(browsers.map(() => 204))
      const here = await band.rows('SELECT client_id FROM presence WHERE band_id = $1', NIGHT_SHIFT)
      expect(new Set(here.map((row) => row['client_id']))).toEqual(new Set(browsers.map((each) => each.client_id)))
    }
  })

  test('somebody removed in the middle of a heartbeat is refused, and is not shown as here', async () => {
    const noah = SAMPLE_USERS.noah.id
    const client_id = randomUUID()
    await band.rows('BEGIN')
    // The heartbeat was let in and waits to be counted.
    await band.rows('LOCK TABLE rate_limits IN ACCESS EXCLUSIVE MODE')
    const answer = ask('noah', 'POST', '/api/presence', { ...here, client_id })
    await eventually(async () =>
      expect(
        await band.rows(`SELECT FROM pg_locks WHERE NOT granted AND relation = 'rate_limits'::regclass`),
      ).toHaveLength(1),
    )
    await band.rows('UPDATE band_members SET deleted_at = now() WHERE user_id = $1 AND band_id = $2', noah, NIGHT_SHIFT)
    await band.rows('COMMIT')
    expect(await answer).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } })
    expect(await band.rows('SELECT FROM presence WHERE client_id = $1', client_id)).toEqual([])
    await band.rows('UPDATE band_members SET deleted_at = NULL WHERE user_id = $1 AND band_id = $2', noah, NIGHT_SHIFT)
  })

  test('is refused to strangers, and for what it does not know', async () => {
    expect(await ask('olga', 'POST', '/api/presence', here)).toMatchObject({
      status: 403,
      body: { error: { code: 'forbidden' } },
    })
    expect((await ask('mia', 'POST', '/api/presence', { ...here, user_id: SAMPLE_USERS.sarah.id })).status).toBe(400)
    expect((await ask('mia', 'POST', '/api/presence', { ...here, userId: SAMPLE_USERS.sarah.id })).status).toBe(401)
    expect(await band.rows('SELECT FROM changes WHERE entity = $1', 'presence')).toEqual([])
  })
})
