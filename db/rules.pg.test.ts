import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import pg from 'pg'
import type { TestDatabase } from '../scripts/test/database'
import { testDatabase } from '../scripts/test/postgres'
import { buildHouse, HOUSE, id, openTrial, sqlState, type Trial } from './test/house'

const { band, elsewhere, project, users, members, projectUsers, rows } = HOUSE

let db: TestDatabase
let trial: Trial
beforeAll(async () => {
  db = await testDatabase({ migrated: true })
  await buildHouse(db.ownerUrl)
  trial = await openTrial(db.superuserUrl)
})
afterAll(async () => {
  await trial[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

/** The one row a statement returns, as somebody who may. */
async function row(userId: string, statement: string, before?: string): Promise<Record<string, unknown>> {
  const result = await trial.attempt(userId, statement, before)
  expect(result.kind, statement).toBe('done')
  const first = result.kind === 'done' ? result.rows[0] : undefined
  if (!first) throw new Error(`no row: ${statement}`)
  return first
}

async function refuses(userId: string, statement: string, before?: string): Promise<void> {
  expect(await trial.attempt(userId, statement, before), statement).toEqual({ kind: 'refused' })
}

describe('server columns', () => {
  const FORGED = {
    version: '77',
    created_at: `'2001-01-01'`,
    created_by: `'${users.outsider}'`,
    updated_at: `'2001-01-01'`,
    updated_by: `'${users.outsider}'`,
    updated_by_client: `'${id(99)}'`,
  }
  const isRecent = (value: unknown) => value instanceof Date && Math.abs(Date.now() - value.getTime()) < 60_000

  test('an insert cannot forge them', async () => {
    const columns = Object.keys(FORGED).join(', ')
    const inserted = await row(
      users.collaborator,
      `INSERT INTO songs (id, band_id, title, deleted_at, ${columns})
       VALUES ('${id(900)}', '${band}', 'x', '2001-01-01', ${Object.values(FORGED).join(', ')}) RETURNING *`,
      `SELECT set_config('app.client_id', '${id(98)}', true)`,
    )
    expect(inserted).toMatchObject({
      version: 1,
      created_by: users.collaborator,
      updated_by: users.collaborator,
      updated_by_client: id(98),
      deleted_at: null,
    })
    expect([inserted['created_at'], inserted['updated_at']].every(isRecent)).toBe(true)
  })

  test('an update cannot forge them: version +1, maker and time of making stay', async () => {
    const [before] = [await row(users.viewer, `SELECT * FROM songs WHERE id = '${rows.songs}'`)]
    const forged = Object.entries(FORGED).map(([column, value]) => `${column} = ${value}`)
    const updated = await row(
      users.collaborator,
      `UPDATE songs SET title = 'x', ${forged.join(', ')} WHERE id = '${rows.songs}' RETURNING *`,
    )
    expect(updated).toMatchObject({
      version: Number(before['version']) + 1,
      created_by: before['created_by'],
      created_at: before['created_at'],
      updated_by: users.collaborator,
      updated_by_client: null,
    })
    expect(isRecent(updated['updated_at'])).toBe(true)
  })

  test('times have millisecond precision', async () => {
    const { text } = await row(users.viewer, `SELECT updated_at::text AS text FROM songs WHERE id = '${rows.songs}'`)
    expect(text).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})?\+00$/)
  })

  test('a deletion carries the server clock, and stays as it is when repeated', async () => {
    const removed = await row(
      users.collaborator,
      `UPDATE songs SET deleted_at = '2001-01-01' WHERE id = '${rows.songs}' RETURNING deleted_at`,
    )
    expect(isRecent(removed['deleted_at'])).toBe(true)
    const again = await row(
      users.collaborator,
      `UPDATE songs SET deleted_at = now() WHERE id = '${rows.songs}' RETURNING deleted_at = '2020-01-01T00:00:00Z' AS same`,
      `UPDATE songs SET deleted_at = '2020-01-01T00:00:00Z' WHERE id = '${rows.songs}'`,
    )
    expect(again).toEqual({ same: true })
  })

  test('the version of a read mark is the version that was read, and never falls', async () => {
    const update = (version: number) =>
      `UPDATE read_marks SET version = ${version} WHERE id = '${rows.read_marksOwn}' RETURNING version`
    expect(await row(users.viewer, update(9))).toEqual({ version: 9 })
    expect(await row(users.viewer, update(2))).toEqual({ version: 4 })
    expect(
      await row(
        users.viewer,
        `INSERT INTO read_marks (id, entity, entity_id, version) VALUES ('${id(900)}', 'songs', '${id(901)}', 12) RETURNING version, user_id`,
      ),
    ).toEqual({ version: 12, user_id: users.viewer })
  })
})

describe('columns that never change', () => {
  test.each([
    ['songs', 'id', id(900), rows.songs],
    ['songs', 'band_id', elsewhere, rows.songs],
    ['band_members', 'user_id', users.outsider, members.third],
    ['band_members', 'joined_at', '2001-01-01', members.third],
    ['band_members', 'band_id', elsewhere, members.third],
    ['project_users', 'user_id', users.outsider, projectUsers.third],
    ['invites', 'code', 'a-code-that-is-known', rows.invites],
    ['messages', 'conversation_id', rows.conversationsOwn, rows.messages],
    ['attendance', 'user_id', users.owner, rows.attendance],
    ['attendance', 'subject_id', rows.practices, rows.attendance],
    ['conflicts', 'entity_id', id(900), rows.conflicts],
    ['conflicts', 'offered_by', users.owner, rows.conflicts],
  ])('%s.%s', async (table, column, value, key) => {
    const attempt = trial.attempt(users.owner, `UPDATE ${table} SET ${column} = '${value}' WHERE id = '${key}'`)
    await expect(attempt.catch(sqlState)).resolves.toBe('23514')
  })
})

describe('memberships', () => {
  const leave = (key: string) => `UPDATE band_members SET deleted_at = now() WHERE id = '${key}' RETURNING id`
  const secondOwner = `UPDATE band_members SET role = 'owner' WHERE id = '${members.third}'`

  test('the last owner can neither leave nor step down', async () => {
    await refuses(users.owner, leave(members.owner))
    await refuses(users.owner, `UPDATE band_members SET role = 'viewer' WHERE id = '${members.owner}'`)
    await refuses(users.owner, `UPDATE project_users SET deleted_at = now() WHERE id = '${projectUsers.owner}'`)
    await refuses(users.owner, `UPDATE project_users SET role = 'collaborator' WHERE id = '${projectUsers.owner}'`)
  })

  test('with a second owner the first may leave or step down', async () => {
    await row(users.owner, leave(members.owner), secondOwner)
    await row(
      users.owner,
      `UPDATE band_members SET role = 'viewer' WHERE id = '${members.owner}' RETURNING id`,
      secondOwner,
    )
  })

  test('a removed owner does not count', async () => {
    await refuses(
      users.owner,
      leave(members.owner),
      `UPDATE band_members SET role = 'owner', deleted_at = now() WHERE id = '${members.third}'`,
    )
  })

  test('who left does not come back alone, nor changes their old row', async () => {
    await refuses(users.former, `UPDATE band_members SET deleted_at = NULL WHERE id = '${members.former}'`)
    await refuses(users.former, `UPDATE band_members SET display_name = 'x' WHERE id = '${members.former}'`)
    await refuses(users.former, `UPDATE project_users SET deleted_at = NULL WHERE id = '${projectUsers.former}'`)
  })

  test('nobody makes themselves owner', async () => {
    await refuses(users.viewer, `UPDATE band_members SET role = 'owner' WHERE id = '${members.viewer}'`)
    await refuses(
      users.collaborator,
      `UPDATE project_users SET role = 'owner' WHERE id = '${projectUsers.collaborator}'`,
    )
  })

  test('who makes a band becomes its owner in the same transaction, once', async () => {
    const claim = `WITH made AS (SELECT 1) INSERT INTO band_members (id, band_id, user_id, role, joined_at)
      VALUES ('${id(910)}', '${id(900)}', '${users.viewer}', 'owner', '2001-01-01') RETURNING display_name, joined_at > '2020-01-01' AS now`
    const band900 = (by: string) => `INSERT INTO bands (id, name, created_by) VALUES ('${id(900)}', 'Mine', '${by}')`
    expect(await row(users.viewer, claim, band900(users.viewer))).toEqual({ display_name: 'viewer', now: true })
    await refuses(users.viewer, claim, band900(users.owner))
    await refuses(users.viewer, claim.replace(`'owner'`, `'collaborator'`), band900(users.viewer))
    const left = `INSERT INTO band_members (id, band_id, user_id, role, deleted_at)
      VALUES ('${id(911)}', '${id(900)}', '${users.viewer}', 'owner', now())`
    await refuses(users.viewer, claim, `${band900(users.viewer)}; ${left}`)
  })

  test('who makes a project becomes its owner in the same transaction', async () => {
    const claim = `INSERT INTO project_users (id, project_id, user_id, role)
      VALUES ('${id(910)}', '${id(900)}', '${users.viewer}', 'owner') RETURNING role`
    const made = (by: string) => `INSERT INTO projects (id, name, created_by) VALUES ('${id(900)}', 'Mine', '${by}')`
    expect(await row(users.viewer, claim, made(users.viewer))).toEqual({ role: 'owner' })
    await refuses(users.viewer, claim, made(users.owner))
  })

  test('a project joins only a band of one’s own', async () => {
    await refuses(users.owner, `UPDATE projects SET band_id = '${elsewhere}' WHERE id = '${project}'`)
    await row(users.owner, `UPDATE projects SET band_id = '${band}' WHERE id = '${project}' RETURNING id`)
    await refuses(users.viewer, `INSERT INTO projects (id, name, band_id) VALUES ('${id(900)}', 'x', '${elsewhere}')`)
  })

  test('leaving is written to the history of the band one just left, by nobody else', async () => {
    const tell = `INSERT INTO changes (id, scope_id, entity, entity_id, op)
      VALUES ('${id(900)}', '${band}', 'band_members', '${members.viewer}', 'delete')`
    const justLeft = `SELECT set_config('app.user_id', '${users.viewer}', true); ${leave(members.viewer)}`
    expect((await trial.attempt(users.viewer, tell, justLeft)).kind).toBe('done')
    await refuses(users.former, tell)
  })
})

describe('columns the server sets', () => {
  test('messages: the role is user, and an edit says when', async () => {
    expect(
      await row(
        users.viewer,
        `INSERT INTO messages (id, band_id, conversation_id, body, role, edited_at)
         VALUES ('${id(900)}', '${band}', '${rows.conversations}', 'x', 'system', now()) RETURNING role, edited_at`,
      ),
    ).toEqual({ role: 'user', edited_at: null })
    const edited = await row(
      users.viewer,
      `UPDATE messages SET body = 'x', role = 'system', edited_at = '2001-01-01' WHERE id = '${rows.messagesOwn}'
       RETURNING role, edited_at > now() - interval '1 minute' AS now`,
    )
    expect(edited).toEqual({ role: 'user', now: true })
  })

  test('invites: used_by is nobody’s to set', async () => {
    expect(
      await row(
        users.owner,
        `UPDATE invites SET used_by = '${users.third}' WHERE id = '${rows.invites}' RETURNING used_by`,
      ),
    ).toEqual({ used_by: null })
    const inserted = await row(
      users.owner,
      `INSERT INTO invites (id, band_id, role, used_by) VALUES ('${id(900)}', '${band}', 'viewer', '${users.third}') RETURNING *`,
    )
    expect(inserted['used_by']).toBeNull()
    expect(inserted['code']).toMatch(/^[0-9a-f]{32}$/)
  })

  test('setlists: locked in one’s own name, now; unlocking clears both', async () => {
    const lock = (who: string) =>
      `UPDATE setlists SET locked_by = ${who}, locked_at = '2001-01-01' WHERE id = '${rows.setlists}'
       RETURNING locked_by, locked_at > now() - interval '1 minute' AS now`
    expect(await row(users.collaborator, lock(`'${users.collaborator}'`))).toEqual({
      locked_by: users.collaborator,
      now: true,
    })
    await refuses(users.collaborator, lock(`'${users.owner}'`))
    const locked = `UPDATE setlists SET locked_by = '${users.collaborator}', locked_at = now() WHERE id = '${rows.setlists}'`
    expect(await row(users.collaborator, lock('NULL'), locked)).toEqual({ locked_by: null, now: null })
    const change = `UPDATE setlists SET name = 'x' WHERE id = '${rows.setlists}' RETURNING locked_by`
    expect(await row(users.owner, change, locked)).toEqual({ locked_by: users.collaborator })
    await refuses(users.third, change, locked)
  })

  test('changes: written in one’s own name, now', async () => {
    const written = await row(
      users.viewer,
      `INSERT INTO changes (id, scope_id, entity, entity_id, op, actor_id, client_id, created_at, deleted_at)
       VALUES ('${id(900)}', '${band}', 'songs', '${rows.songs}', 'update', '${users.owner}', '${id(99)}', '2001-01-01', now())
       RETURNING actor_id, client_id, deleted_at, created_at > now() - interval '1 minute' AS now`,
    )
    expect(written).toEqual({ actor_id: users.viewer, client_id: null, deleted_at: null, now: true })
  })

  test('presence: last seen now', async () => {
    expect(
      await row(
        users.viewer,
        `UPDATE presence SET last_seen_at = '2099-01-01' WHERE id = '${rows.presenceOwn}' RETURNING last_seen_at < now() + interval '1 minute' AS now`,
      ),
    ).toEqual({ now: true })
  })

  test('members: the account’s name where they give none, and never one that others give', async () => {
    const add = `INSERT INTO project_users (id, project_id, user_id, role, display_name, avatar_url)
      VALUES ('${id(900)}', '${project}', '${users.outsider}', 'collaborator', 'Nickname', 'x') RETURNING display_name, avatar_url`
    expect(await row(users.owner, add)).toEqual({ display_name: 'outsider', avatar_url: null })
  })
})

describe('questions', () => {
  const decide = (decision: string) =>
    `UPDATE conflicts SET decision = '${decision}', decided_by = '${users.third}', decided_at = '2001-01-01' WHERE id = '${rows.conflicts}'
     RETURNING decided_by, decided_at > now() - interval '1 minute' AS now`

  test('are asked in one’s own name, open', async () => {
    const asked = await row(
      users.collaborator,
      `INSERT INTO conflicts (id, scope_id, entity, entity_id, field, offered_by, decision, decided_by, decided_at)
       VALUES ('${id(900)}', '${band}', 'songs', '${rows.songs}', 'title', '${users.owner}', 'offered', '${users.owner}', now()) RETURNING *`,
    )
    expect(asked).toMatchObject({ offered_by: users.collaborator, decision: null, decided_by: null, decided_at: null })
  })

  test('are asked only about rows one may change', async () => {
    const about = (entity: string, key: string, scope: string) =>
      `INSERT INTO conflicts (id, scope_id, entity, entity_id, field) VALUES ('${id(900)}', '${scope}', '${entity}', '${key}', 'f') RETURNING id`
    await refuses(users.viewer, about('songs', rows.songs, band))
    await refuses(users.viewer, about('messages', rows.messages, band))
    await row(users.viewer, about('messages', rows.messagesOwn, band))
    await row(users.viewer, about('writing_sessions', rows.writing_sessionsOwn, users.viewer))
    await refuses(users.viewer, about('writing_sessions', rows.writing_sessions, users.third))
    await refuses(users.viewer, about('users', users.viewer, users.viewer))
    await row(users.collaborator, about('projects', project, project))
    await refuses(users.outsider, about('projects', project, project))
  })

  test('are decided once, by whoever decides, now', async () => {
    expect(await row(users.owner, decide('current'))).toEqual({ decided_by: users.owner, now: true })
    await refuses(
      users.owner,
      decide('offered'),
      `UPDATE conflicts SET decision = 'current' WHERE id = '${rows.conflicts}'`,
    )
  })

  test('hold one offer per author, which only the author replaces', async () => {
    const offer = `UPDATE conflicts SET offered_value = '"x"' WHERE id = '${rows.conflicts}' RETURNING id`
    await refuses(users.owner, offer)
    await row(users.third, offer)
    const second = `INSERT INTO conflicts (id, scope_id, entity, entity_id, field) VALUES ('${id(900)}', '${band}', 'songs', '${rows.songs}', 'title') RETURNING id`
    await expect(trial.attempt(users.third, second).catch(sqlState)).resolves.toBe('23505')
    await row(users.owner, second)
  })
})

describe('references stay inside', () => {
  const FOREIGN_KEY = '23503'
  test.each([
    [`UPDATE shows SET setlist_id = '${rows.elsewhereSetlist}' WHERE id = '${rows.shows}'`],
    [
      `INSERT INTO messages (id, band_id, conversation_id, body) VALUES ('${id(900)}', '${band}', '${rows.elsewhereConversation}', 'x')`,
    ],
    [
      `INSERT INTO attendance (id, band_id, subject_entity, subject_id, user_id, answer)
       VALUES ('${id(900)}', '${band}', 'shows', '${rows.elsewhereShow}', '${users.owner}', 'yes')`,
    ],
    [
      `INSERT INTO attendance (id, band_id, subject_entity, subject_id, user_id, answer)
       VALUES ('${id(900)}', '${band}', 'practices', '${rows.shows}', '${users.owner}', 'yes')`,
    ],
    [
      `INSERT INTO conversations (id, band_id, title, kind, subject_id) VALUES ('${id(900)}', '${band}', 'x', 'song', '${rows.elsewhereSong}')`,
    ],
    [
      `INSERT INTO conversations (id, band_id, title, kind, subject_id) VALUES ('${id(900)}', '${band}', 'x', 'general', '${rows.songs}')`,
    ],
  ])('the band: %s', async (statement) => {
    await expect(trial.attempt(users.owner, statement).catch(sqlState)).resolves.toBe(FOREIGN_KEY)
  })

  test('my bands: notes and drafts name only songs of one’s own bands, and outlive a membership', async () => {
    const note = (song: string) => `INSERT INTO song_notes (id, song_id) VALUES ('${id(900)}', '${song}') RETURNING id`
    await row(users.viewer, note(rows.songs))
    await refuses(users.viewer, note(rows.elsewhereSong))
    await refuses(
      users.viewer,
      `UPDATE writing_sessions SET song_id = '${rows.elsewhereSong}' WHERE id = '${rows.writing_sessionsOwn}'`,
    )
    await row(
      users.viewer,
      `UPDATE song_notes SET text = 'still mine' WHERE id = '${rows.song_notesOwn}' RETURNING id`,
      `UPDATE band_members SET deleted_at = now() WHERE id = '${members.viewer}'`,
    )
  })
})

test('two owners who leave at the same moment leave one owner', async () => {
  await using busy = await testDatabase({ migrated: true })
  await buildHouse(busy.ownerUrl)
  const owner = new pg.Client(busy.ownerUrl)
  await owner.connect()
  await owner.query(`UPDATE band_members SET role = 'owner' WHERE id = '${members.third}'`)
  const leaving = async (userId: string, member: string) => {
    const client = new pg.Client(busy.appUrl)
    await client.connect()
    await client.query('BEGIN')
    await client.query(`SELECT set_config('app.user_id', $1, true)`, [userId])
    return { client, leave: () => client.query(`UPDATE band_members SET deleted_at = now() WHERE id = $1`, [member]) }
  }
  const first = await leaving(users.owner, members.owner)
  const second = await leaving(users.third, members.third)
  await first.leave()
  // The second waits for the first one's lock on the band's row.
  const blocked = second.leave().catch(sqlState)
  await isWaiting(owner)
  await first.client.query('COMMIT')
  expect(await blocked).toBe('42501')
  await Promise.all([first.client.end(), second.client.end()])
  const { rows: owners } = await owner.query(
    `SELECT user_id FROM band_members WHERE band_id = '${band}' AND role = 'owner' AND deleted_at IS NULL`,
  )
  expect(owners).toEqual([{ user_id: users.third }])
  await owner.end()
})

/** Resolves when some statement of the app waits for a lock. */
async function isWaiting(client: pg.Client): Promise<void> {
  for (;;) {
    const { rowCount } = await client.query(
      `SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()`,
    )
    if (rowCount) return
  }
}
