import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { TestDatabase } from '../scripts/test/database'
import { testDatabase } from '../scripts/test/postgres'
import { buildHouse, HOUSE, id, sqlState } from './test/house'

const { band, elsewhere, project, users, members, rows } = HOUSE

let db: TestDatabase
let owner: pg.Client
beforeEach(async () => {
  db = await testDatabase({ migrated: true })
  await buildHouse(db.ownerUrl)
  owner = await connect(db.ownerUrl)
})
afterEach(async () => {
  await owner.end()
  await db[Symbol.asyncDispose]()
})

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  await client.connect()
  return client
}

/** Opens a transaction as the app, acting for somebody. */
async function begin(userId: string): Promise<pg.Client> {
  const client = await connect(db.appUrl)
  await client.query('BEGIN')
  await client.query(`SELECT set_config('app.user_id', $1, true)`, [userId])
  return client
}

/** One committed statement of the app, acting for somebody. */
async function act<Row extends object>(userId: string, statement: string): Promise<Row[]> {
  const client = await begin(userId)
  try {
    const { rows: result } = await client.query<Row>(statement)
    await client.query('COMMIT')
    return result
  } finally {
    await client.end()
  }
}

const value = async <T>(statement: string): Promise<T[]> =>
  (await owner.query<{ value: T }>(statement)).rows.map((each) => each.value)

/** Resolves when some statement of the database waits for a lock. */
async function somebodyWaits(): Promise<void> {
  for (;;) {
    const { rowCount } = await owner.query(
      `SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()`,
    )
    if (rowCount) return
  }
}

describe('accepting an invite', () => {
  const CODE = 'a-code-of-our-own-0001'
  const accept = (userId: string, code = CODE) =>
    act<{ band: string | null }>(userId, `SELECT app.accept_invite('${code}') AS band`)
  const invite = (columns = '', values = '', code = CODE) =>
    owner.query(
      `INSERT INTO invites (id, band_id, role, code ${columns}) VALUES (gen_random_uuid(), '${band}', 'collaborator', '${code}' ${values})`,
    )
  const liveMemberships = (userId: string) =>
    value<string>(
      `SELECT role AS value FROM band_members WHERE band_id = '${band}' AND user_id = '${userId}' AND deleted_at IS NULL`,
    )

  test('makes a member with the invite’s role, uses the invite up and tells the band', async () => {
    await invite()
    expect(await accept(users.outsider)).toEqual([{ band }])
    expect(await liveMemberships(users.outsider)).toEqual(['collaborator'])
    expect(await value(`SELECT used_by AS value FROM invites WHERE code = '${CODE}'`)).toEqual([users.outsider])
    const { rows: told } = await owner.query(
      `SELECT c.op, c.summary, c.actor_id, c.entity_id = m.id AS same, c.after ->> 'joined_at' AS joined_at
       FROM changes c JOIN band_members m ON m.user_id = c.actor_id AND m.band_id = c.scope_id WHERE c.entity = 'band_members'`,
    )
    expect(told).toEqual([
      {
        op: 'insert',
        summary: 'outsider',
        actor_id: users.outsider,
        same: true,
        joined_at: expect.stringMatching(/^\S+T\S+\.\d{3}Z$/),
      },
    ])
  })

  test.each([
    ['wrong', async () => undefined, 'another-code-entirely'],
    ['used', () => invite(', used_by', `, '${users.third}'`), CODE],
    ['expired', () => invite(', expires_at', `, now() - interval '1 second'`), CODE],
    ['revoked', () => invite(', deleted_at', ', now()'), CODE],
    ['meant for another address', () => invite(', email', `, 'somebody@else.test'`), CODE],
  ])('answers null, as to every other code, when it is %s', async (_why, prepare, code) => {
    await prepare()
    expect(await accept(users.outsider, code)).toEqual([{ band: null }])
    expect(await liveMemberships(users.outsider)).toEqual([])
  })

  test('is open to the address it names, in any case', async () => {
    await invite(', email', `, 'OutSider@House.test'`)
    expect(await accept(users.outsider)).toEqual([{ band }])
  })

  test('is refused without a signed-in person', async () => {
    await invite()
    const client = await connect(db.appUrl)
    await expect(client.query(`SELECT app.accept_invite('${CODE}')`).catch(sqlState)).resolves.toBe('42501')
    await client.end()
  })

  test('leaves members as they are and uses nothing up', async () => {
    await invite()
    expect(await accept(users.viewer)).toEqual([{ band }])
    expect(await liveMemberships(users.viewer)).toEqual(['viewer'])
    expect(await value(`SELECT used_by AS value FROM invites WHERE code = '${CODE}'`)).toEqual([null])
  })

  test('gives somebody who left a new membership', async () => {
    await invite()
    expect(await accept(users.former)).toEqual([{ band }])
    expect(await liveMemberships(users.former)).toEqual(['collaborator'])
  })

  test('gives a deleted band to nobody, even by an invite that outlived it', async () => {
    await invite()
    await act(users.owner, `SELECT app.delete_container('bands', '${band}')`)
    expect(await accept(users.outsider)).toEqual([{ band: null }])
    await owner.query(`UPDATE invites SET deleted_at = NULL WHERE code = '${CODE}'`)
    expect(await accept(users.outsider)).toEqual([{ band: null }])
  })

  test('of ten people with one code exactly one comes in', async () => {
    await invite()
    const people = await value<string>(
      `INSERT INTO users (email) SELECT 'p' || n || '@house.test' FROM generate_series(1, 10) n RETURNING id AS value`,
    )
    const answers = await Promise.all(people.map((person) => accept(person)))
    expect(answers.flat().filter((answer) => answer.band !== null)).toEqual([{ band }])
    expect(
      await value(
        `SELECT count(*)::int AS value FROM band_members WHERE band_id = '${band}' AND user_id = ANY ('{${people.join()}}')`,
      ),
    ).toEqual([1])
  })

  test('one person with ten codes at once becomes a member once', async () => {
    const codes = Array.from({ length: 10 }, (_, n) => `a-code-of-our-own-10${n}`)
    for (const code of codes) await invite('', '', code)
    const answers = await Promise.all(codes.map((code) => accept(users.outsider, code)))
    expect(answers.flat()).toEqual(codes.map(() => ({ band })))
    expect(await liveMemberships(users.outsider)).toEqual(['collaborator'])
    expect(await value(`SELECT count(*)::int AS value FROM invites WHERE used_by = '${users.outsider}'`)).toEqual([1])
  })
})

describe('deleting a band', () => {
  const remove = (userId: string) =>
    act<{ at: Date | null }>(userId, `SELECT app.delete_container('bands', '${band}') AS at`)
  const restore = (userId: string) =>
    act<{ done: boolean }>(userId, `SELECT app.restore_container('bands', '${band}') AS done`)

  /** Every live row of the band, as `table id`. */
  async function liveRows(): Promise<string[]> {
    const { rows: tables } = await owner.query<{ name: string; scope_column: string }>(
      `SELECT name, scope_column FROM app.synced_table WHERE scope_column IN ('band_id', 'scope_id') AND name NOT IN ('presence', 'projects')`,
    )
    const found: string[] = []
    for (const { name, scope_column } of [...tables, { name: 'bands', scope_column: 'id' }]) {
      found.push(
        ...(await value<string>(
          `SELECT '${name} ' || id AS value FROM ${name} WHERE ${scope_column} = '${band}' AND deleted_at IS NULL`,
        )),
      )
    }
    return found.toSorted()
  }

  test('takes everything in it along with one time, and restoring brings exactly that back', async () => {
    await act(users.owner, `UPDATE songs SET deleted_at = now() WHERE id = '${rows.songs}'`)
    const before = await liveRows()
    expect(before.length).toBeGreaterThan(14)

    const [removed] = await remove(users.owner)
    expect(await liveRows()).toEqual([])
    expect(
      await value(
        `SELECT DISTINCT deleted_at AS value FROM band_members WHERE band_id = '${band}' AND id <> '${members.former}'`,
      ),
    ).toEqual([removed?.at])
    expect(await value(`SELECT count(*)::int AS value FROM presence`)).toEqual([0])

    expect(await restore(users.owner)).toEqual([{ done: true }])
    expect(await liveRows()).toEqual(before)
  })

  test('tells its rows from one deleted a moment before in the same transaction', async () => {
    for (let round = 0; round < 5; round += 1) {
      await act(
        users.owner,
        `UPDATE songs SET deleted_at = now() WHERE id = '${rows.songs}'; SELECT app.delete_container('bands', '${band}')`,
      )
      await restore(users.owner)
      expect(await value(`SELECT deleted_at IS NULL AS value FROM songs WHERE id = '${rows.songs}'`)).toEqual([false])
      await act(users.owner, `UPDATE songs SET deleted_at = NULL WHERE id = '${rows.songs}'`)
    }
  })

  test('is the owner’s alone, and so is restoring', async () => {
    for (const somebody of [users.collaborator, users.viewer, users.outsider, users.former]) {
      expect(await remove(somebody).catch(sqlState)).toBe('42501')
    }
    await remove(users.owner)
    for (const somebody of [users.collaborator, users.viewer, users.outsider, users.former]) {
      expect(await restore(somebody).catch(sqlState)).toBe('42501')
    }
  })

  test('ends everybody’s access; the owner alone still finds the band, for 30 days', async () => {
    await remove(users.owner)
    const find = (userId: string) => act(userId, `SELECT id FROM bands WHERE id = '${band}'`)
    expect(await find(users.owner)).toEqual([{ id: band }])
    expect(await find(users.collaborator)).toEqual([])
    expect(await act(users.owner, `SELECT id FROM songs WHERE band_id = '${band}'`)).toEqual([])
    // As the tables' owner without a person, who may set times; triggers leave them alone.
    const late = `now() - interval '31 days'`
    await owner.query(
      `UPDATE bands SET deleted_at = ${late}; UPDATE band_members SET deleted_at = ${late} WHERE band_id = '${band}'`,
    )
    expect(await find(users.owner)).toEqual([])
    expect(await restore(users.owner).catch(sqlState)).toBe('42501')
  })

  test('does nothing the second time, and restoring a live band does nothing', async () => {
    await remove(users.owner)
    expect(await remove(users.owner)).toEqual([{ at: null }])
    await restore(users.owner)
    expect(await restore(users.owner)).toEqual([{ done: false }])
  })

  test('waits for writes under way and lets none in after it', async () => {
    const writer = await begin(users.collaborator)
    await writer.query(`SELECT * FROM app.viewers_for_share('{${users.collaborator}}')`)
    const removal = remove(users.owner)
    await somebodyWaits()
    await writer.query(`INSERT INTO songs (id, band_id, title) VALUES ('${id(900)}', '${band}', 'Just in time')`)
    await writer.query('COMMIT')
    await writer.end()
    const [{ at } = { at: null }] = await removal
    expect(await value(`SELECT deleted_at AS value FROM songs WHERE id = '${id(900)}'`)).toEqual([at])
    const late = act(
      users.collaborator,
      `INSERT INTO songs (id, band_id, title) VALUES ('${id(901)}', '${band}', 'Too late')`,
    )
    expect(await late.catch(sqlState)).toBe('42501')
  })

  test('waits for a writer who goes on to change the band itself', async () => {
    const writer = await begin(users.collaborator)
    await writer.query(`SELECT * FROM app.viewers_for_share('{${users.collaborator}}')`)
    const removal = remove(users.owner)
    await somebodyWaits()
    await writer.query(`UPDATE bands SET name = 'Last words' WHERE id = '${band}'`)
    await writer.query('COMMIT')
    await writer.end()
    expect((await removal)[0]?.at).toBeInstanceOf(Date)
    expect(await value(`SELECT name AS value FROM bands WHERE id = '${band}' AND deleted_at IS NOT NULL`)).toEqual([
      'Last words',
    ])
  })

  test('takes along who is just coming in, and lets nobody in after it', async () => {
    const code = 'a-code-of-our-own-0002'
    await owner.query(
      `INSERT INTO invites (id, band_id, role, code) VALUES (gen_random_uuid(), '${band}', 'viewer', '${code}')`,
    )
    const guest = await begin(users.outsider)
    await guest.query(`SELECT app.accept_invite('${code}')`)
    const removal = remove(users.owner)
    await somebodyWaits()
    await guest.query('COMMIT')
    await guest.end()
    const [{ at } = { at: null }] = await removal
    expect(
      await value(
        `SELECT deleted_at AS value FROM band_members WHERE band_id = '${band}' AND user_id = '${users.outsider}'`,
      ),
    ).toEqual([at])

    await restore(users.owner)
    await owner.query(
      `INSERT INTO invites (id, band_id, role, code) VALUES (gen_random_uuid(), '${band}', 'viewer', 'x${code}')`,
    )
    const remover = await begin(users.owner)
    await remover.query(`SELECT app.delete_container('bands', '${band}')`)
    const late = act(users.former, `SELECT app.accept_invite('x${code}') AS band`)
    await somebodyWaits()
    await remover.query('COMMIT')
    await remover.end()
    expect(await late).toEqual([{ band: null }])
  })

  test('leaves other bands and people’s own rows alone', async () => {
    await remove(users.owner)
    expect(
      await value(`SELECT count(*)::int AS value FROM songs WHERE band_id = '${elsewhere}' AND deleted_at IS NULL`),
    ).toEqual([1])
    expect(await act(users.viewer, `SELECT id FROM song_notes`)).toEqual([{ id: rows.song_notesOwn }])
  })

  test('does not bring back who closed their account meanwhile', async () => {
    await remove(users.owner)
    await owner.query(`UPDATE users SET deleted_at = now() WHERE id = '${users.third}'`)
    await restore(users.owner)
    expect(await value(`SELECT deleted_at IS NULL AS value FROM band_members WHERE id = '${members.third}'`)).toEqual([
      false,
    ])
  })

  test('works the same for a project', async () => {
    await act(users.owner, `SELECT app.delete_container('projects', '${project}')`)
    const live = `SELECT count(*)::int AS value FROM project_users WHERE project_id = '${project}' AND deleted_at IS NULL`
    expect(await value(live)).toEqual([0])
    expect(await act(users.owner, `SELECT app.restore_container('projects', '${project}') AS done`)).toEqual([
      { done: true },
    ])
    expect(await value(live)).toEqual([3])
  })
})

describe('viewers', () => {
  test('tells many people’s bands and projects at once, without the closed and the unknown', async () => {
    await owner.query(`UPDATE users SET deleted_at = now() WHERE id = '${users.third}'`)
    const found = await act(
      users.viewer,
      `SELECT * FROM app.viewers('{${users.owner},${users.former},${users.third},${id(999)}}') ORDER BY 1`,
    )
    expect(found).toEqual([
      { user_id: users.owner, session_version: 1, bands: { [band]: 'owner' }, projects: { [project]: 'owner' } },
      { user_id: users.former, session_version: 1, bands: {}, projects: {} },
    ])
  })

  test('a removal waits for the writes that rely on the membership, and the next ones see it', async () => {
    const writer = await begin(users.collaborator)
    await writer.query(`SELECT * FROM app.viewers_for_share('{${users.collaborator}}')`)
    const removal = act(users.owner, `UPDATE band_members SET deleted_at = now() WHERE id = '${members.collaborator}'`)
    await somebodyWaits()
    const next = await begin(users.collaborator)
    await writer.query('COMMIT')
    await removal
    const { rows: seen } = await next.query(`SELECT bands FROM app.viewers_for_share('{${users.collaborator}}')`)
    expect(seen).toEqual([{ bands: {} }])
    await Promise.all([writer.end(), next.end()])
  })

  test('locked memberships put two changes of one membership one after the other', async () => {
    const first = await begin(users.owner)
    await first.query(`SELECT app.lock_memberships('band_members', '{${members.third},${members.viewer}}')`)
    const second = act(users.viewer, `SELECT app.lock_memberships('band_members', '{${members.viewer}}')`)
    await somebodyWaits()
    await first.query('COMMIT')
    await second
    await first.end()
  })
})
