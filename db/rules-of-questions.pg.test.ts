import { describe, expect, test } from 'vitest'
import { HOUSE, id, sqlState } from './test/house'
import { ruleTrial } from './test/rule-trial'

const { band, project, users, rows } = HOUSE
const { attempt, row, refuses } = ruleTrial()

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
    await expect(attempt(users.third, second).catch(sqlState)).resolves.toBe('23505')
    await row(users.owner, second)
  })
})
