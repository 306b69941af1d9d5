import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { describe, expect, test, vi } from 'vitest'
import { NIGHT_SHIFT, SAMPLE_USERS } from '@/db/sample-ids'
import { insert, remove, sampleBand, update } from '@/scripts/test/sample-band'
import { startNeonProxy } from '@/scripts/test/neon-proxy'
import { applied, conflict, verdict, writerOf } from '@/scripts/test/writer'

const song = (title: string, key?: string) => insert('songs', { band_id: NIGHT_SHIFT, title }, key)

describe.each(['pg', 'neon'] as const)('on the driver %s', (driver) => {
  test('batches, questions, new bands, refused statements and replays come out alike', async () => {
    await using proxy = await startNeonProxy()
    await using band = await sampleBand({ DATABASE_DRIVER: driver, NEON_WS_PROXY: proxy.address })
    const { sarah, alex } = band.writers
    const one = song('One')
    const taken = (await band.rows(`SELECT id FROM songs WHERE band_id <> $1 LIMIT 1`, NIGHT_SHIFT))[0]?.['id']
    const made = insert('bands', { name: 'Made' })
    const batch = [
      one,
      song(''),
      song('Taken', String(taken)),
      made,
      insert('songs', { band_id: made.key, title: 'In the new band', tags: ['a', 'b'] }),
      update('songs', one.key, { title: 'Two' }, { title: 'One' }),
    ].map((write) => ({ id: randomUUID(), ...write }))
    const results = await sarah.send(...batch)
    expect(results.map(verdict)).toEqual([
      'applied',
      'rejected:invalid',
      'rejected:invalid',
      'applied',
      'applied',
      'applied',
    ])
    const asks = conflict(await alex.one(update('songs', one.key, { title: 'Three' }, { title: 'One' })))
    expect(asks.current).toMatchObject({ title: 'Two', updated_at: expect.stringMatching(/\.\d{3}Z$/) })
    const settled = batch.filter((_, n) => results[n]?.status === 'applied')
    const again = await sarah.send(...settled)
    expect(again).toEqual(results.filter(({ status }) => status === 'applied'))
    const [question] = await band.rows('SELECT id FROM conflicts WHERE entity_id = $1', one.key)
    applied(await sarah.one(update('conflicts', String(question?.['id']), { decision: 'offered' })))
    expect(await band.row('songs', one.key)).toMatchObject({ title: 'Three', version: 3 })
    applied(await sarah.one(remove('bands', made.key)))
    applied(await sarah.one({ entity: 'bands', op: 'restore', key: made.key }))
  })
})

describe('the envelope', () => {
  test('is refused as a whole only for what makes it unreadable', async () => {
    await using band = await sampleBand()
    const { sarah } = band.writers
    const writes = [{ id: randomUUID(), ...song('Fine') }]
    const cases: [unknown, number, string][] = [
      ['{', 400, 'invalid'],
      [null, 400, 'invalid'],
      [[], 400, 'invalid'],
      [{}, 400, 'invalid'],
      [{ writes: [] }, 400, 'invalid'],
      [{ writes: Array.from({ length: 501 }, () => writes[0]) }, 400, 'invalid'],
      [{ writes, clientId: 'none' }, 400, 'invalid'],
      [{ writes, userId: SAMPLE_USERS.alex.id }, 401, 'other_user'],
      [{ writes, schema: 1_000 }, 503, 'upgrade'],
      [{ writes: [song('x'.repeat(2_200_000))] }, 413, 'too_large'],
    ]
    for (const [body, status, code] of cases) {
      expect(await sarah.post(body)).toMatchObject({ status, body: { error: { code } } })
    }
    expect((await sarah.post({ writes, schema: 1_000 })).headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await sarah.post({ writes }, { 'content-type': 'text/plain' })).toMatchObject({ status: 415 })
    expect(await sarah.post({ writes }, { origin: 'https://evil.example' })).toMatchObject({
      status: 403,
      body: { error: { code: 'origin' } },
    })
    const own = await sarah.post(
      { writes },
      { origin: band.app.url, 'content-type': 'application/json; charset=utf-8' },
    )
    expect(own.status).toBe(200)
    expect(own.headers.get('cache-control')).toBe('private, no-store')
  })

  test('a body that never says its length is refused once it is too long, and one that is not UTF-8 is not stored', async () => {
    await using band = await sampleBand()
    const cookie = await band.app.cookieOf(SAMPLE_USERS.sarah.id, 1)
    const post = (body: BodyInit) =>
      fetch(`${band.app.url}/api/writes`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
        body,
        duplex: 'half',
      } as RequestInit)
    const megabyte = new Uint8Array(1024 * 1024).fill(0x20)
    const long = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let sent = 0; sent < 3; sent += 1) controller.enqueue(megabyte)
        controller.close()
      },
    })
    expect((await post(long)).status).toBe(413)
    const body = Buffer.from(JSON.stringify({ writes: [{ id: randomUUID(), ...song('B\u00e4r') }] }), 'latin1')
    expect((await post(body)).status).toBe(400)
  })

  test('without a session, with a stale one or a closed account nothing is written', async () => {
    await using band = await sampleBand()
    const body = JSON.stringify({ writes: [{ id: randomUUID(), ...song('No') }] })
    const post = (cookie: Record<string, string>) =>
      fetch(`${band.app.url}/api/writes`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...cookie },
        body,
      })
    expect((await post({})).status).toBe(401)
    const stale = await band.app.cookieOf(SAMPLE_USERS.sarah.id, 1)
    await band.rows('UPDATE users SET session_version = 2 WHERE id = $1', SAMPLE_USERS.sarah.id)
    const answer = await post({ cookie: stale })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ error: { code: 'signed_out' } })
    expect(await band.rows(`SELECT FROM songs WHERE title = 'No'`)).toEqual([])
  })

  test('a flood is answered 429 with the time to come back, for that person alone', async () => {
    await using band = await sampleBand({ WRITES_PER_SECOND: '2' })
    const { sarah, alex } = band.writers
    const asked = await Promise.all(
      Array.from({ length: 30 }, () => sarah.post({ writes: [{ id: randomUUID(), ...song('Flood') }] })),
    )
    const limited = asked.filter(({ status }) => status === 429)
    expect(limited.length).toBeGreaterThan(0)
    for (const { headers, body } of limited) {
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      expect(body).toMatchObject({ error: { code: 'rate_limited' } })
    }
    expect((await alex.post({ writes: [{ id: randomUUID(), ...song('Calm') }] })).status).toBe(200)
  })
})

describe('many at once', () => {
  test('a member removed while they write: one order, and nothing of theirs lands after', async () => {
    await using band = await sampleBand()
    const { sarah, noah } = band.writers
    const devices = Array.from({ length: 4 }, () => writerOf(band.app, noah.userId))
    const written = async () =>
      (await band.rows(`SELECT id FROM songs WHERE created_by = $1 AND title = 'Race'`, noah.userId)).length
    let removed = false
    const verdicts = devices.map(async (device) => {
      const said: string[] = []
      // Three more after the removal was answered: they must be refused.
      for (let after = 0; after < 3; after += removed ? 1 : 0) said.push(verdict(await device.one(song('Race'))))
      return said
    })
    await Promise.all(devices.map((device) => device.one(song('Race'))))
    const [member] = await band.rows(
      `SELECT id FROM band_members WHERE user_id = $1 AND band_id = $2`,
      noah.userId,
      NIGHT_SHIFT,
    )
    applied(await sarah.one(remove('band_members', String(member?.['id']))))
    const landed = await written()
    removed = true
    for (const said of await Promise.all(verdicts)) {
      expect(said.slice(-3)).toEqual(['rejected:forbidden', 'rejected:forbidden', 'rejected:forbidden'])
      expect(said.lastIndexOf('applied')).toBeLessThan(said.indexOf('rejected:forbidden'))
    }
    expect(await written()).toBe(landed)
  })

  test('a band deleted while its members write keeps no living row', async () => {
    await using band = await sampleBand()
    const { sarah, alex, noah } = band.writers
    let isGone = false
    const writing = [alex, noah].map(async (writer) => {
      const said = []
      do said.push(verdict(await writer.one(song('Late'))))
      while (!isGone || said.at(-1) === 'applied')
      return said
    })
    await alex.one(song('Late'))
    applied(await sarah.one(remove('bands', NIGHT_SHIFT)))
    isGone = true
    for (const said of await Promise.all(writing)) expect(said.at(-1)).toBe('rejected:forbidden')
    expect(await band.rows('SELECT FROM songs WHERE band_id = $1 AND deleted_at IS NULL', NIGHT_SHIFT)).toEqual([])
    expect(
      await band.rows('SELECT DISTINCT deleted_at FROM band_members WHERE band_id = $1', NIGHT_SHIFT),
    ).toHaveLength(1)
  })

  test('batches that touch the same rows in opposite order lose no update', async () => {
    await using band = await sampleBand()
    const { sarah, alex, noah } = band.writers
    const songs = Array.from({ length: 6 }, (_, n) => song(`Shared ${n}`))
    for (const result of await sarah.send(...songs)) applied(result)
    const rounds = 8
    const writing = [sarah, alex, noah].map(async (writer, index) => {
      const order = index % 2 ? songs : songs.toReversed()
      for (let n = 0; n < rounds; n++) {
        const results = await writer.send(...order.map(({ key }) => update('songs', key, { artist: `${index} ${n}` })))
        for (const result of results) applied(result)
      }
    })
    await Promise.all(writing)
    const rows = await band.rows(
      'SELECT version FROM songs WHERE id = ANY ($1)',
      songs.map(({ key }) => key),
    )
    expect(rows.map(({ version }) => version)).toEqual(songs.map(() => 1 + 3 * rounds))
  })

  test('connections that break at any moment lose nothing and do nothing twice', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    await using band = await sampleBand()
    const { sarah } = band.writers
    // Only a superuser sees what another role's connections are doing.
    const superuser = new pg.Client(band.db.superuserUrl)
    await superuser.connect()
    let isDone = false
    let attempts = 0
    // Breaks twice what a request tries, then lets it pass: who breaks without end is faster than some machines write.
    const breaking = async () => {
      while (!isDone) {
        await superuser.query(
          attempts > 2
            ? 'SELECT pg_sleep(0.005)'
            : `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE application_name = 'backline' AND datname = current_database() AND state <> 'idle' AND random() < 0.05`,
        )
      }
    }
    const killer = breaking()
    const made: string[] = []
    let broken = 0
    // Until enough requests were hit: how many that takes is luck.
    for (let n = 0; n < 5 || broken < 5; n++) {
      const writes = Array.from({ length: 5 }, () => ({ id: randomUUID(), ...song(`Broken ${n}`) }))
      made.push(...writes.map(({ key }) => key))
      attempts = 1
      let answer = await sarah.post({ writes })
      for (; answer.status !== 200; broken++, attempts++) {
        // An outage that may pass, not a fault of ours.
        expect(answer).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } })
        answer = await sarah.post({ writes })
      }
      expect((answer.body as { results: { status: string }[] }).results.map(({ status }) => status)).toEqual(
        writes.map(() => 'applied'),
      )
    }
    isDone = true
    await killer
    await superuser.end()
    const logged = await band.rows(
      'SELECT entity_id, count(*)::int AS n FROM changes WHERE entity_id = ANY ($1) GROUP BY 1',
      made,
    )
    expect(logged).toHaveLength(made.length)
    expect(logged.every(({ n }) => n === 1)).toBe(true)
    vi.restoreAllMocks()
  })
})
