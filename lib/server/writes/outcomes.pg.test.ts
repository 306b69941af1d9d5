import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { NIGHT_SHIFT } from '@/db/sample-ids'
import { derivedUuid } from '@/lib/entity/keys'
import { eventually } from '@/scripts/test/eventually'
import { insert, remove, sharedSampleBand, update } from '@/scripts/test/sample-band'
import { applied, conflict, rejection, verdict } from '@/scripts/test/writer'

const band = sharedSampleBand()
const { sarah, alex, mia } = band.writers

async function newSong(title: string): Promise<string> {
  const song = insert('songs', { band_id: NIGHT_SHIFT, title })
  applied(await sarah.one(song))
  return song.key
}

describe('an update that names nothing', () => {
  test('is forbidden to whose role is too low, as any other update', async () => {
    const key = await newSong('Untouched')
    expect(rejection(await mia.one(update('songs', key, {})))).toBe('forbidden')
    expect(rejection(await mia.one(update('bands', NIGHT_SHIFT, {})))).toBe('forbidden')
  })

  test('changes nothing for whoever may change something of the row', async () => {
    const key = await newSong('Untouched')
    expect(applied(await alex.one(update('songs', key, {})))).toMatchObject({ txid: null, version: 1 })
    const [own] = await band.rows(
      'SELECT id, version FROM band_members WHERE user_id = $1 AND band_id = $2',
      mia.userId,
      NIGHT_SHIFT,
    )
    expect(applied(await mia.one(update('band_members', String(own?.['id']), {}))).version).toBe(own?.['version'])
  })
})

test('whether a taken key is a row of mine or of strangers is not told; that there is one of a kind already is', async () => {
  const own = await newSong('Mine')
  const foreign = async (table: string) =>
    String((await band.rows(`SELECT id FROM ${table} WHERE id <> $1 ORDER BY id DESC LIMIT 1`, NIGHT_SHIFT))[0]?.['id'])
  const [song] = await band.rows('SELECT id FROM songs WHERE band_id <> $1 LIMIT 1', NIGHT_SHIFT)
  const values = { band_id: NIGHT_SHIFT, title: 'Taken' }
  const results = await sarah.send(
    { entity: 'songs', op: 'insert', key: own, values },
    { entity: 'songs', op: 'insert', key: String(song?.['id']), values },
    { entity: 'bands', op: 'insert', key: NIGHT_SHIFT, values: { name: 'Taken' } },
    { entity: 'bands', op: 'insert', key: await foreign('bands'), values: { name: 'Taken' } },
  )
  const [first, ...others] = results.map(({ id: _, ...answer }) => answer)
  expect(first).toMatchObject({ status: 'rejected', code: 'invalid', issues: ['key: is taken'] })
  expect(others).toEqual([first, first, first])

  const project = insert('projects', { name: 'Once' })
  const person = { project_id: project.key, user_id: alex.userId, role: 'collaborator' }
  const twice = await sarah.send(project, insert('project_users', person), insert('project_users', person))
  expect(twice[2]).toMatchObject({ code: 'invalid', issues: ['values: name what there is already'] })
})

describe('blocked', () => {
  test('comes before not_found: who builds on a refused write is told so, wherever the row is', async () => {
    const nowhere = randomUUID()
    const refused = insert('songs', { band_id: NIGHT_SHIFT, title: '' })
    const results = await sarah.send(
      update('songs', nowhere, { title: 'A' }),
      update('songs', nowhere, { title: 'B' }),
      update('songs', nowhere, { artist: 'C' }),
      remove('songs', nowhere),
      remove('songs', nowhere),
      refused,
      update('songs', refused.key, { artist: 'D' }),
      remove('songs', refused.key),
    )
    expect(results.map(verdict)).toEqual([
      'rejected:not_found',
      'rejected:blocked',
      'rejected:not_found',
      'rejected:not_found',
      'rejected:blocked',
      'rejected:invalid',
      'rejected:blocked',
      'rejected:blocked',
    ])
  })

  test('is not what a restore is, which is told the truth about the row', async () => {
    const refused = insert('songs', { band_id: NIGHT_SHIFT, title: '' })
    const results = await sarah.send(refused, { entity: 'songs', op: 'restore', key: refused.key })
    expect(results.map(verdict)).toEqual(['rejected:invalid', 'rejected:not_found'])
  })
})

test('the version a writer had seen decides nothing: what they saw of the fields does', async () => {
  const key = await newSong('Seen')
  const seen = (baseVersion: number, patch: Record<string, string>, base: Record<string, string | null>) => {
    return { ...update('songs', key, patch, base), baseVersion }
  }
  expect(applied(await alex.one(seen(999, { artist: 'A' }, { artist: null }))).version).toBe(2)
  expect(applied(await alex.one(seen(1, { artist: 'B' }, { artist: 'A' }))).version).toBe(3)
  expect(applied(await alex.one(seen(1, { title: 'Other' }, { title: 'Seen' }))).version).toBe(4)
  // The newest version does not make an old value seen.
  const asked = conflict(await sarah.one(seen(4, { title: 'Mine' }, { title: 'Seen' })))
  expect(asked.fields).toEqual([{ field: 'title', base: 'Seen', yours: 'Mine', theirs: 'Other' }])
})

describe('history', () => {
  const changesOf = (key: string) => band.rows('SELECT op FROM changes WHERE entity_id = $1', key)

  test('says nothing of invites, which not all members read', async () => {
    const invite = insert('invites', { band_id: NIGHT_SHIFT, role: 'viewer', email: 'friend@test' })
    const expires = update('invites', invite.key, { expires_at: '2027-01-01T00:00:00.000Z' })
    for (const result of await sarah.send(invite, expires, remove('invites', invite.key))) applied(result)
    expect(await band.row('invites', invite.key)).toMatchObject({ version: 3 })
    expect(await changesOf(invite.key)).toEqual([])
  })

  test('says nothing of read marks, which are many', async () => {
    const song = await newSong('Read')
    const key = derivedUuid(mia.userId, `songs:${song}`)
    const mark = (version: number) => insert('read_marks', { entity: 'songs', entity_id: song, version }, key)
    for (const result of await mia.send(mark(1), mark(2), remove('read_marks', key))) applied(result)
    expect(await changesOf(key)).toEqual([])
  })

  test('tells every other change, once', async () => {
    const song = insert('songs', { band_id: NIGHT_SHIFT, title: 'Told' })
    const restore = { entity: 'songs', op: 'restore', key: song.key } as const
    await sarah.send(song, update('songs', song.key, { artist: 'A' }), remove('songs', song.key), restore)
    expect((await changesOf(song.key)).map(({ op }) => String(op)).toSorted()).toEqual([
      'delete',
      'insert',
      'restore',
      'update',
    ])
  })
})

test('a row is dated when it comes to be, not when the transaction began that it waited in', async () => {
  const held = await newSong('Held')
  const song = insert('songs', { band_id: NIGHT_SHIFT, title: 'Waited' })
  await band.rows('BEGIN')
  await band.rows('SELECT FROM songs WHERE id = $1 FOR UPDATE', held)
  const sent = sarah.send(update('songs', held, { artist: 'Late' }), song)
  await eventually(async () =>
    expect(await band.rows(`SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`)).toHaveLength(1),
  )
  const [moment] = await band.rows(`SELECT date_trunc('milliseconds', clock_timestamp()) AS created_at`)
  await band.rows('COMMIT')
  for (const result of await sent) applied(result)
  const [change] = await band.rows('SELECT created_at FROM changes WHERE entity_id = $1', song.key)
  const at = (row: Record<string, unknown> | undefined) => Number(row?.['created_at'])
  expect(at(await band.row('songs', song.key))).toBeGreaterThanOrEqual(at(moment))
  expect(at(change)).toBeGreaterThanOrEqual(at(moment))
})

test('a deleted band’s contents go first, then its history, then its memberships', async () => {
  const made = insert('bands', { name: 'Short-lived' })
  const song = insert('songs', { band_id: made.key, title: 'Swan song' })
  const title = (now: string, base: string) => update('songs', song.key, { title: now }, { title: base })
  const results = await mia.send(made, song, title('One', 'Swan song'), title('Two', 'Swan song'))
  expect(results.map(verdict)).toEqual(['applied', 'applied', 'applied', 'conflict'])
  // Notes every row in the order in which it is written.
  await band.rows(
    `CREATE TABLE written (at serial, name text, deleted boolean); GRANT ALL ON written, written_at_seq TO PUBLIC`,
  )
  await band.rows(`CREATE FUNCTION note_written() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO public.written (name, deleted) VALUES (TG_TABLE_NAME, new.deleted_at IS NOT NULL); RETURN NULL; END $$`)
  await band.rows('GRANT EXECUTE ON FUNCTION note_written TO PUBLIC')
  for (const name of ['bands', 'songs', 'conflicts', 'changes', 'band_members'])
    await band.rows(
      `CREATE TRIGGER noted AFTER INSERT OR UPDATE ON ${name} FOR EACH ROW EXECUTE FUNCTION note_written()`,
    )
  applied(await mia.one(remove('bands', made.key)))
  for (const name of ['bands', 'songs', 'conflicts', 'changes', 'band_members'])
    await band.rows(`DROP TRIGGER noted ON ${name}`)
  const written = await band.rows('SELECT name FROM written WHERE deleted ORDER BY at')
  const order = written.map(({ name }) => name).filter((name, n, all) => name !== all[n - 1])
  expect(order).toEqual(['bands', 'conflicts', 'songs', 'changes', 'band_members'])
})

describe('a decision', () => {
  /** A song of which Sarah wrote the title, and Alex another from the same base: his question's key. */
  async function question(writer = alex): Promise<{ song: string; key: string }> {
    const song = await newSong('Base')
    applied(await sarah.one(update('songs', song, { title: 'Hers' }, { title: 'Base' })))
    conflict(await writer.one(update('songs', song, { title: 'His' }, { title: 'Base' })))
    const [asked] = await band.rows('SELECT id FROM conflicts WHERE entity_id = $1', song)
    return { song, key: String(asked?.['id']) }
  }
  const decide = (key: string, patch: Record<string, string | null>) => update('conflicts', key, patch)

  test('brings a value of its own only when it says so', async () => {
    const { song, key } = await question()
    for (const decision of ['current', 'offered', null])
      expect(rejection(await sarah.one(decide(key, { decision, decided_value: 'Third' })))).toBe('invalid')
    expect(rejection(await sarah.one(decide(key, { decided_value: 'Third' })))).toBe('invalid')
    expect(rejection(await sarah.one(decide(key, { decision: 'edited' })))).toBe('invalid')
    expect(await band.row('songs', song)).toMatchObject({ title: 'Hers', version: 2 })
    applied(await sarah.one(decide(key, { decision: 'edited', decided_value: 'Third' })))
    expect(await band.row('songs', song)).toMatchObject({ title: 'Third', version: 3 })
  })

  test('is nobody’s who lost the right meanwhile, not even of whoever asked', async () => {
    const { song, key } = await question()
    const membership = `user_id = '${alex.userId}' AND band_id = '${NIGHT_SHIFT}'`
    await band.rows(`UPDATE band_members SET role = 'viewer' WHERE ${membership}`)
    expect(rejection(await alex.one(decide(key, { decision: 'offered' })))).toBe('forbidden')
    await band.rows(`UPDATE band_members SET deleted_at = now() WHERE ${membership}`)
    expect(rejection(await alex.one(decide(key, { decision: 'offered' })))).toBe('not_found')
    await band.rows(`UPDATE band_members SET role = 'collaborator', deleted_at = NULL WHERE ${membership}`)
    expect(await band.row('songs', song)).toMatchObject({ title: 'Hers', version: 2 })
    applied(await alex.one(decide(key, { decision: 'offered' })))
  })
})

describe('an edit of a deleted row', () => {
  async function deletedSong(patch: Record<string, string>): Promise<{ song: string; key: string }> {
    const song = await newSong('Gone')
    applied(await sarah.one(remove('songs', song)))
    expect(conflict(await alex.one(update('songs', song, patch))).fields).toMatchObject([{ field: 'deleted_at' }])
    const [asked] = await band.rows('SELECT id FROM conflicts WHERE entity_id = $1', song)
    return { song, key: String(asked?.['id']) }
  }
  const lives = async (song: string) => (await band.row('songs', song))?.['deleted_at'] === null

  test.each([{ decision: 'offered' }, { decision: 'edited', decided_value: {} }])(
    'that named nothing comes back as it was: %o',
    async (patch) => {
      const { song, key } = await deletedSong({})
      // A question without columns is still about a row that is not everybody's to bring back.
      expect(rejection(await mia.one(update('conflicts', key, patch)))).toBe('forbidden')
      expect(await lives(song)).toBe(false)
      applied(await sarah.one(update('conflicts', key, patch)))
      expect(await band.row('songs', song)).toMatchObject({ title: 'Gone', version: 3, deleted_at: null })
    },
  )

  test('is let go by a decision for what stands', async () => {
    const { song, key } = await deletedSong({ artist: 'Late' })
    applied(await sarah.one(update('conflicts', key, { decision: 'current' })))
    expect(await band.row('songs', song)).toMatchObject({ artist: null, version: 2 })
    expect(await lives(song)).toBe(false)
  })

  test('is answered and asked nobody where not all members read the row', async () => {
    const invite = insert('invites', { band_id: NIGHT_SHIFT, role: 'viewer', email: 'secret@test' })
    for (const result of await sarah.send(invite, remove('invites', invite.key))) applied(result)
    const answer = conflict(await sarah.one(update('invites', invite.key, { expires_at: '2027-01-01T00:00:00.000Z' })))
    expect(answer.fields).toMatchObject([{ field: 'deleted_at', yours: { expires_at: '2027-01-01T00:00:00.000Z' } }])
    expect(await band.rows('SELECT FROM conflicts WHERE entity_id = $1', invite.key)).toEqual([])
  })
})
