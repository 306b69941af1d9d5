import { describe, expect, test } from 'vitest'
import pg from 'pg'
import { testDatabase } from '../scripts/test/postgres'
import { buildHouse, HOUSE, id, sqlState } from './test/house'
import { ruleTrial } from './test/rule-trial'

const { band, elsewhere, project, users, members, projectUsers } = HOUSE
const { attempt, row, refuses } = ruleTrial()

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
    expect((await attempt(users.viewer, tell, justLeft)).kind).toBe('done')
    await refuses(users.former, tell)
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
