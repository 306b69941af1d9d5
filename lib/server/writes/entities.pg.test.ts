import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { NIGHT_SHIFT, NIGHT_SHIFT_SONGS, PAPER_LIONS, PAPER_LIONS_SONGS } from '@/db/sample-ids'
import { derivedUuid } from '@/lib/entity/keys'
import { insert, sharedSampleBand, update } from '@/scripts/test/sample-band'
import { applied, conflict, rejection, verdict } from '@/scripts/test/writer'

const { writers, row, rows: rowsOf } = sharedSampleBand()
const { sarah, alex, noah, mia, olga } = writers

const song = NIGHT_SHIFT_SONGS[0] ?? ''
const foreignSong = PAPER_LIONS_SONGS[0] ?? ''
const item = (song_id: string) => ({ id: randomUUID(), kind: 'song', song_id })

describe('derived keys', () => {
  test('a second read mark merges into the first and never falls', async () => {
    const key = derivedUuid(mia.userId, `songs:${song}`)
    const mark = (version: number) => insert('read_marks', { entity: 'songs', entity_id: song, version }, key)
    await rowsOf('DELETE FROM read_marks WHERE id = $1', key)
    expect(applied(await mia.one(mark(3))).version).toBe(3)
    expect(applied(await mia.one(mark(7))).version).toBe(7)
    expect(applied(await mia.one(mark(5)))).toMatchObject({ version: 7, txid: null })
    expect(rejection(await mia.one(insert('read_marks', { entity: 'songs', entity_id: song, version: 1 })))).toBe(
      'invalid',
    )
    expect(rejection(await olga.one(mark(1)))).toBe('invalid')
  })

  test('a second answer revives a deleted one', async () => {
    const practice = insert('practices', { band_id: NIGHT_SHIFT })
    applied(await sarah.one(practice))
    const key = derivedUuid(practice.key, mia.userId)
    const answer = (answer: string) =>
      insert('attendance', { band_id: NIGHT_SHIFT, subject_entity: 'practices', subject_id: practice.key, answer }, key)
    applied(await mia.one(answer('yes')))
    expect(await row('attendance', key)).toMatchObject({ user_id: mia.userId, answer: 'yes' })
    applied(await mia.one({ entity: 'attendance', op: 'delete', key }))
    expect(applied(await mia.one(answer('no'))).version).toBe(3)
    expect(await row('attendance', key)).toMatchObject({ answer: 'no', deleted_at: null })
    // For oneself only; the owner corrects.
    const forMia = { ...answer('yes').values, user_id: mia.userId }
    expect(rejection(await alex.one(insert('attendance', forMia, key)))).toBe('forbidden')
    expect(rejection(await alex.one(update('attendance', key, { answer: 'maybe' })))).toBe('forbidden')
    applied(await sarah.one(update('attendance', key, { answer: 'maybe' })))
  })
})

describe('references', () => {
  test('name rows of the same band only', async () => {
    const setlist = insert('setlists', { band_id: NIGHT_SHIFT, name: 'Set', items: [item(song)] })
    const results = await sarah.send(
      setlist,
      update('setlists', setlist.key, { items: [item(song), item(foreignSong)] }),
      insert('setlists', { band_id: NIGHT_SHIFT, name: 'Set', items: [item(randomUUID())] }),
      insert('shows', { band_id: NIGHT_SHIFT, title: 'Show', setlist_id: setlist.key }),
      insert('conversations', { band_id: NIGHT_SHIFT, title: 'Song talk', kind: 'song', subject_id: song }),
      insert('conversations', { band_id: NIGHT_SHIFT, title: 'Song talk', kind: 'song', subject_id: foreignSong }),
      insert('conversations', { band_id: NIGHT_SHIFT, title: 'Talk', kind: 'general', subject_id: song }),
      insert('practices', { band_id: NIGHT_SHIFT, agenda: [{ id: randomUUID(), text: 'Play', song_id: foreignSong }] }),
    )
    expect(results.map(verdict)).toEqual([
      'applied',
      'rejected:invalid',
      'rejected:invalid',
      'applied',
      'applied',
      'rejected:invalid',
      'rejected:invalid',
      'rejected:invalid',
    ])
  })

  test('of personal rows and projects are to my bands', async () => {
    const results = await mia.send(
      insert('song_notes', { song_id: song, capo: 2 }),
      insert('song_notes', { song_id: foreignSong }),
      insert('writing_sessions', { name: 'W', song_id: foreignSong }),
      insert('projects', { name: 'P', band_id: NIGHT_SHIFT }),
      insert('projects', { name: 'P', band_id: PAPER_LIONS }),
    )
    expect(results.map(verdict)).toEqual([
      'applied',
      'rejected:invalid',
      'rejected:invalid',
      'applied',
      'rejected:invalid',
    ])
  })

  test('to a row whose insert was rejected block', async () => {
    const lost = insert('songs', { band_id: NIGHT_SHIFT, title: '' })
    const results = await sarah.send(
      lost,
      insert('setlists', { band_id: NIGHT_SHIFT, name: 'Set', items: [item(lost.key)] }),
      insert('song_notes', { song_id: lost.key }),
    )
    expect(results.map(verdict)).toEqual(['rejected:invalid', 'rejected:blocked', 'rejected:blocked'])
  })

  test('may be to a row made earlier in the request, in any order of tables', async () => {
    const talk = insert('conversations', { band_id: NIGHT_SHIFT, title: 'New' })
    const first = insert('messages', { band_id: NIGHT_SHIFT, conversation_id: talk.key, body: 'Hello' })
    const reply = insert('messages', {
      band_id: NIGHT_SHIFT,
      conversation_id: talk.key,
      body: 'Hi',
      reply_to: first.key,
    })
    const newSong = insert('songs', { band_id: NIGHT_SHIFT, title: 'Brand new' })
    const results = await sarah.send(
      talk,
      first,
      reply,
      newSong,
      insert('setlists', { band_id: NIGHT_SHIFT, name: 'S', items: [item(newSong.key)] }),
    )
    expect(results.map(verdict)).toEqual(['applied', 'applied', 'applied', 'applied', 'applied'])
  })
})

describe('locked setlists', () => {
  test('are their locker’s and the owner’s', async () => {
    const key = insert('setlists', { band_id: NIGHT_SHIFT, name: 'Lock' }).key
    applied(await alex.one(insert('setlists', { band_id: NIGHT_SHIFT, name: 'Lock' }, key)))
    expect(rejection(await alex.one(update('setlists', key, { locked_by: noah.userId })))).toBe('invalid')
    applied(await alex.one(update('setlists', key, { locked_by: alex.userId })))
    expect((await row('setlists', key))?.['locked_at']).not.toBeNull()
    expect(rejection(await noah.one(update('setlists', key, { name: 'Mine' })))).toBe('forbidden')
    expect(rejection(await noah.one({ entity: 'setlists', op: 'delete', key }))).toBe('forbidden')
    applied(await sarah.one(update('setlists', key, { notes: 'Owner' })))
    applied(await alex.one(update('setlists', key, { locked_by: null })))
    applied(await noah.one(update('setlists', key, { name: 'Free' })))
    expect(await row('setlists', key)).toMatchObject({ locked_at: null })
  })
})

describe('what the server sets', () => {
  test('an invite’s code is made by the server and cannot be chosen', async () => {
    const invite = insert('invites', { band_id: NIGHT_SHIFT, role: 'viewer' })
    applied(await sarah.one(invite))
    expect((await row('invites', invite.key))?.['code']).toMatch(/^[0-9a-f]{32}$/)
    expect(
      rejection(await sarah.one(insert('invites', { band_id: NIGHT_SHIFT, role: 'viewer', code: 'x'.repeat(32) }))),
    ).toBe('invalid')
    expect(rejection(await alex.one(insert('invites', { band_id: NIGHT_SHIFT, role: 'viewer' })))).toBe('forbidden')
    expect(rejection(await alex.one(update('invites', invite.key, { expires_at: '2030-01-01T00:00:00Z' })))).toBe(
      'forbidden',
    )
    expect(rejection(await olga.one(update('invites', invite.key, { expires_at: '2030-01-01T00:00:00Z' })))).toBe(
      'not_found',
    )
    expect(await rowsOf('SELECT FROM changes WHERE entity_id = $1', invite.key)).toEqual([])
  })

  test('messages are people’s, an edit says when, and an owner deletes without rewording', async () => {
    const talk = insert('conversations', { band_id: NIGHT_SHIFT, title: 'Talk' })
    const message = insert('messages', { band_id: NIGHT_SHIFT, conversation_id: talk.key, body: 'Helo' })
    for (const result of await mia.send(talk, message)) applied(result)
    expect(rejection(await mia.one(insert('messages', { ...message.values, role: 'system' })))).toBe('invalid')
    applied(await mia.one(update('messages', message.key, { body: 'Hello' })))
    const stored = await row('messages', message.key)
    expect(stored).toMatchObject({ role: 'user', body: 'Hello' })
    expect(stored?.['edited_at']).not.toBeNull()
    expect(rejection(await sarah.one(update('messages', message.key, { body: 'No' })))).toBe('forbidden')
    expect(rejection(await alex.one({ entity: 'messages', op: 'delete', key: message.key }))).toBe('forbidden')
    applied(await sarah.one({ entity: 'messages', op: 'delete', key: message.key }))
  })

  test('personal rows are stamped with their person and cannot be given to another', async () => {
    const note = insert('song_notes', { song_id: song })
    applied(await mia.one(note))
    expect(await row('song_notes', note.key)).toMatchObject({ user_id: mia.userId })
    expect(rejection(await mia.one(insert('song_notes', { song_id: song, user_id: olga.userId })))).toBe('invalid')
    expect(rejection(await sarah.one(update('song_notes', note.key, { capo: 1 })))).toBe('not_found')
  })

  test('history, presence and decided questions are not written here', async () => {
    const values = { scope_id: NIGHT_SHIFT, entity: 'songs', entity_id: song, op: 'delete' }
    expect(rejection(await sarah.one(insert('changes', values)))).toBe('forbidden')
    expect(rejection(await sarah.one(insert('conflicts', values)))).toBe('forbidden')
    expect(rejection(await sarah.one(insert('presence', { band_id: NIGHT_SHIFT, client_id: randomUUID() })))).toBe(
      'invalid',
    )
  })
})

describe('merging lists, sets and texts', () => {
  test('moves, adds and removes of two people in one setlist all survive', async () => {
    const [a, b, c, x, y] = [item(song), item(song), item(song), item(song), item(song)]
    const setlist = insert('setlists', { band_id: NIGHT_SHIFT, name: 'M', items: [a, b, c] })
    applied(await sarah.one(setlist))
    const base = { items: [a, b, c] }
    applied(await sarah.one({ ...update('setlists', setlist.key, { items: [c, a, x] }), base }))
    applied(await alex.one({ ...update('setlists', setlist.key, { items: [a, y, b, c] }), base }))
    expect((await row('setlists', setlist.key))?.['items']).toEqual([c, a, y, x])
  })

  test('tags of both stay, lyrics merge by line and ask about the same line', async () => {
    const s = insert('songs', { band_id: NIGHT_SHIFT, title: 'T', tags: ['old'], lyrics: 'one\ntwo\nthree' })
    applied(await sarah.one(s))
    const base = { tags: ['old'], lyrics: 'one\ntwo\nthree' }
    applied(await sarah.one({ ...update('songs', s.key, { tags: ['old', 'slow'], lyrics: 'ONE\ntwo\nthree' }), base }))
    applied(await alex.one({ ...update('songs', s.key, { tags: ['fast'], lyrics: 'one\ntwo\nTHREE' }), base }))
    expect(await row('songs', s.key)).toMatchObject({ tags: ['slow', 'fast'], lyrics: 'ONE\ntwo\nTHREE' })
    conflict(await alex.one({ ...update('songs', s.key, { lyrics: '1\ntwo\nthree' }), base }))
  })

  test('a time that is the same moment in other words is no change', async () => {
    const show = insert('shows', { band_id: NIGHT_SHIFT, title: 'T', starts_at: '2026-12-24T20:00:00+01:00' })
    applied(await sarah.one(show))
    const moved = {
      ...update('shows', show.key, { starts_at: '2026-12-24T21:00:00Z' }),
      base: { starts_at: '2026-12-24T19:00:00Z' },
    }
    expect(applied(await sarah.one(moved)).version).toBe(2)
    expect(
      applied(await alex.one(update('shows', show.key, { starts_at: '2026-12-24T22:00:00.0+01:00' }))).txid,
    ).toBeNull()
    const asks = conflict(
      await alex.one({
        ...update('shows', show.key, { starts_at: '2026-12-25T20:00:00Z' }),
        base: { starts_at: '2026-12-24T19:00:00Z' },
      }),
    )
    expect(asks.fields).toEqual([
      {
        field: 'starts_at',
        base: '2026-12-24T19:00:00.000Z',
        yours: '2026-12-25T20:00:00.000Z',
        theirs: '2026-12-24T21:00:00.000Z',
      },
    ])
  })
})
