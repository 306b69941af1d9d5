import { describe, expect, test } from 'vitest'
import { HOUSE, id, sqlState } from './test/house'
import { ruleTrial } from './test/rule-trial'

const { band, users, members, rows } = HOUSE
const { attempt, row, refuses } = ruleTrial()

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
    await expect(attempt(users.owner, statement).catch(sqlState)).resolves.toBe(FOREIGN_KEY)
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
