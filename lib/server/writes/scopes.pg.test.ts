import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { NIGHT_SHIFT, PAPER_LIONS, SAMPLE_MEMBERS } from '@/db/sample-ids'
import { derivedUuid } from '@/lib/entity/keys'
import { insert, sharedSampleBand, update } from '@/scripts/test/sample-band'
import { applied, rejection, verdict } from '@/scripts/test/writer'

const { writers, row, rows: rowsOf } = sharedSampleBand()
const { sarah, alex, noah, mia, olga } = writers

describe('scopes made by the request itself', () => {
  test('a new band makes its creator owner, and takes songs in the same request', async () => {
    const made = insert('bands', { name: 'New band' })
    const results = await mia.send(
      made,
      insert('songs', { band_id: made.key, title: 'First' }),
      insert('setlists', { band_id: made.key, name: 'Set' }),
      update('bands', made.key, { context_pitch: 'Loud' }),
    )
    expect(results.map(verdict)).toEqual(['applied', 'applied', 'applied', 'applied'])
    expect(await rowsOf('SELECT user_id, role, display_name FROM band_members WHERE band_id = $1', made.key)).toEqual([
      { user_id: mia.userId, role: 'owner', display_name: 'Mia' },
    ])
  })

  test('the key of the row that comes with a write follows from the write', async () => {
    const id = randomUUID()
    const project = { id, ...insert('projects', { name: 'Demo' }) }
    applied(await mia.one(project))
    expect(await row('project_users', derivedUuid(id, '0'))).toMatchObject({ project_id: project.key, role: 'owner' })
    expect(await row('projects', project.key)).toMatchObject({ sample_rate: 44100, duration_samples: 0, band_id: null })
  })

  test('what needs a rejected band is blocked, the rest passes', async () => {
    const made = insert('bands', { name: '' })
    const songs = insert('songs', { band_id: made.key, title: 'Lost' })
    const results = await mia.send(
      made,
      songs,
      update('songs', songs.key, { artist: 'Lost too' }),
      update('bands', made.key, { name: 'Never' }),
      insert('writing_sessions', { name: 'Mine' }),
    )
    expect(results.map(verdict)).toEqual([
      'rejected:invalid',
      'rejected:blocked',
      'rejected:blocked',
      'rejected:blocked',
      'applied',
    ])
  })

  test('an id that is a band, a project or a person already cannot become another scope', async () => {
    expect(rejection(await mia.one(insert('projects', { name: 'Eavesdropper' }, PAPER_LIONS)))).toBe('invalid')
    expect(rejection(await mia.one(insert('projects', { name: 'Eavesdropper' }, olga.userId)))).toBe('invalid')
    expect(rejection(await mia.one(insert('bands', { name: 'Eavesdropper' }, olga.userId)))).toBe('invalid')
  })
})

describe('deleting and restoring a band', () => {
  test('takes everything with one time and brings exactly that back, for who owned it', async () => {
    const made = insert('bands', { name: 'Short-lived' })
    const [kept, trashed] = [
      insert('songs', { band_id: made.key, title: 'Kept' }),
      insert('songs', { band_id: made.key, title: 'Trashed' }),
    ]
    for (const result of await mia.send(made, kept, trashed, { entity: 'songs', op: 'delete', key: trashed.key }))
      applied(result)
    const remove = { entity: 'bands', op: 'delete', key: made.key } as const
    applied(await mia.one(remove))
    const times = await rowsOf(
      `SELECT deleted_at FROM bands WHERE id = $1 UNION SELECT deleted_at FROM band_members WHERE band_id = $1
       UNION SELECT deleted_at FROM songs WHERE id = $2`,
      made.key,
      kept.key,
    )
    expect(times).toHaveLength(1)
    expect(times[0]?.['deleted_at']).not.toBeNull()
    expect(applied(await mia.one(remove)).txid).toBeNull()
    expect(rejection(await mia.one(update('songs', kept.key, { artist: 'Gone' })))).toBe('not_found')
    expect(rejection(await sarah.one({ entity: 'bands', op: 'restore', key: made.key }))).toBe('not_found')

    const results = await mia.send(
      { entity: 'bands', op: 'restore', key: made.key, patch: { name: 'Reunion' } },
      update('songs', kept.key, { artist: 'Again' }),
    )
    expect(results.map(verdict)).toEqual(['applied', 'applied'])
    expect(await row('bands', made.key)).toMatchObject({ name: 'Reunion', deleted_at: null })
    expect(await row('songs', kept.key)).toMatchObject({ deleted_at: null, artist: 'Again' })
    expect((await row('songs', trashed.key))?.['deleted_at']).not.toBeNull()
  })

  test('is the owner’s alone', async () => {
    expect(rejection(await alex.one({ entity: 'bands', op: 'delete', key: NIGHT_SHIFT }))).toBe('forbidden')
    expect(rejection(await olga.one({ entity: 'bands', op: 'delete', key: NIGHT_SHIFT }))).toBe('not_found')
  })
})

describe('memberships', () => {
  test('the last owner neither leaves nor steps down', async () => {
    const key = SAMPLE_MEMBERS.nightShift.sarah
    expect(await sarah.one({ entity: 'band_members', op: 'delete', key })).toMatchObject({
      code: 'forbidden',
      message: 'The last owner of a band can neither leave nor step down.',
    })
    expect(rejection(await sarah.one(update('band_members', key, { role: 'viewer' })))).toBe('forbidden')
  })

  test('nobody raises their own role, adds a member or renames another', async () => {
    const mine = SAMPLE_MEMBERS.nightShift.mia
    expect(rejection(await mia.one(update('band_members', mine, { role: 'owner' })))).toBe('forbidden')
    expect(
      rejection(await mia.one(insert('band_members', { band_id: PAPER_LIONS, user_id: mia.userId, role: 'owner' }))),
    ).toBe('forbidden')
    expect(rejection(await sarah.one(update('band_members', mine, { display_name: 'M' })))).toBe('forbidden')
    applied(await mia.one(update('band_members', mine, { display_name: 'Mia M.' })))
  })

  test('a role that changes in the request decides the writes after it', async () => {
    const made = insert('bands', { name: 'Roles' })
    const memberKey = randomUUID()
    applied(await mia.one(made))
    await rowsOf(
      `INSERT INTO band_members (id, band_id, user_id, role) VALUES ($1, $2, $3, 'owner')`,
      memberKey,
      made.key,
      alex.userId,
    )
    const results = await alex.send(
      insert('songs', { band_id: made.key, title: 'As owner' }),
      update('band_members', memberKey, { role: 'viewer' }),
      insert('songs', { band_id: made.key, title: 'As viewer' }),
      { entity: 'band_members', op: 'delete', key: memberKey },
      insert('conversations', { band_id: made.key, title: 'As nobody' }),
    )
    expect(results.map(verdict)).toEqual(['applied', 'applied', 'rejected:forbidden', 'applied', 'rejected:forbidden'])
    const logged = await rowsOf(`SELECT op FROM changes WHERE entity_id = $1 ORDER BY created_at`, memberKey)
    expect(logged.map(({ op }) => op)).toEqual(['update', 'delete'])
    // Having left, one does not come back by oneself.
    expect(rejection(await alex.one({ entity: 'band_members', op: 'restore', key: memberKey }))).toBe('not_found')
  })

  test('two owners who remove each other at once: one goes, one stays', async () => {
    const project = insert('projects', { name: 'Duel' })
    applied(await sarah.one(project))
    applied(await sarah.one(insert('project_users', { project_id: project.key, user_id: alex.userId, role: 'owner' })))
    const members = await rowsOf('SELECT id, user_id FROM project_users WHERE project_id = $1', project.key)
    const keyOf = (userId: string) => members.find((member) => member['user_id'] === userId)?.['id'] as string
    const results = await Promise.all([
      sarah.one({ entity: 'project_users', op: 'delete', key: keyOf(alex.userId) }),
      alex.one({ entity: 'project_users', op: 'delete', key: keyOf(sarah.userId) }),
    ])
    expect(results.map(verdict).sort()).toEqual(['applied', 'rejected:not_found'])
    expect(
      await rowsOf('SELECT FROM project_users WHERE project_id = $1 AND deleted_at IS NULL', project.key),
    ).toHaveLength(1)
  })

  test('a person is in a project once, named as in their account', async () => {
    const project = insert('projects', { name: 'Once' })
    const add = () => insert('project_users', { project_id: project.key, user_id: noah.userId, role: 'collaborator' })
    expect((await sarah.send(project, add(), add())).map(verdict)).toEqual(['applied', 'applied', 'rejected:invalid'])
    expect(
      rejection(
        await noah.one(insert('project_users', { project_id: project.key, user_id: mia.userId, role: 'owner' })),
      ),
    ).toBe('forbidden')
    const [member] = await rowsOf(
      `SELECT * FROM project_users WHERE project_id = $1 AND user_id = $2`,
      project.key,
      noah.userId,
    )
    expect(member).toMatchObject({ display_name: 'Noah', role: 'collaborator' })
  })
})
