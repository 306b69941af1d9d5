import { describe, expect, test } from 'vitest'
import { HOUSE, id, sqlState } from './test/house'
import { ruleTrial } from './test/rule-trial'

const { band, elsewhere, project, users, members, projectUsers, rows } = HOUSE
const { attempt, row, refuses } = ruleTrial()

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
    const changed = attempt(users.owner, `UPDATE ${table} SET ${column} = '${value}' WHERE id = '${key}'`)
    await expect(changed.catch(sqlState)).resolves.toBe('23514')
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
