import { v5 as derivedKey } from 'uuid'
import type { readMarks, songNotes, writingSessions } from '../schema'
import { NIGHT_SHIFT_SONGS, SAMPLE_USERS, sampleId, type SampleUser } from '../sample-ids'
import { madeBy, type SampleClock } from './clock'

/** A row that people have seen. */
export interface Seen {
  entity: string
  id: string
  created_by: string
  created_at: string
}

/** What was said in a conversation. */
export interface Said {
  id: string
  conversation_id: string
  created_at: string
}

/** A band's rows and talk, and who reads them. */
export interface Read {
  members: readonly SampleUser[]
  rows: readonly Seen[]
  messages: readonly Said[]
}

/** What belongs to one person: notes beside songs, drafts, and what they have read of the band's rows. */
export function samplePersonal(clock: SampleClock, reads: readonly Read[]) {
  return {
    songNotes: sampleSongNotes(clock),
    writingSessions: sampleWritingSessions(clock),
    readMarks: reads.flatMap((read) => read.members.flatMap((member) => readMarksOf(member, read, clock))),
  }
}

const NOTES: readonly [
  user: SampleUser,
  song: number,
  transpose: number | null,
  capo: number | null,
  text: string | null,
][] = [
  ['sarah', 1, null, null, 'Breathe before the second chorus.'],
  ['sarah', 21, -2, 2, null],
  ['alex', 2, null, null, 'My verse! Low harmony from bar 9.'],
  ['alex', 22, null, 1, 'Barre gets tired: capo.'],
  ['noah', 7, null, null, 'Hold F four bars.'],
  ['noah', 31, -1, null, 'Tune down before the break.'],
  ['mia', 24, null, 4, 'I count in.'],
]

function sampleSongNotes(clock: SampleClock): (typeof songNotes.$inferInsert)[] {
  return NOTES.map(([user, song, transpose, capo, text], n) => ({
    id: sampleId('song_note', n + 1),
    user_id: SAMPLE_USERS[user].id,
    song_id: NIGHT_SHIFT_SONGS[song - 1] ?? '',
    transpose,
    capo,
    text,
    ...madeBy(SAMPLE_USERS[user].id, clock.at(-15 + n, 1300)),
  }))
}

const DRAFTS: readonly [user: SampleUser, name: string, body: string, song: number | null][] = [
  [
    'sarah',
    'Night bus lines',
    'The driver hums a song I wrote\nbut never sang\n\nsomething about the last stop being the first',
    null,
  ],
  ['sarah', 'Glass Houses, verse 2', 'You keep the curtains open wide / so nobody would look inside', 16],
  ['alex', 'Riffs in 7/8', 'Em | G | A A/C# | – count 2+2+3\nSounds better slower.', null],
  ['noah', 'Names for the EP', 'Small Hours\nFive to Midnight\nLast Stop First', null],
]

function sampleWritingSessions(clock: SampleClock): (typeof writingSessions.$inferInsert)[] {
  return DRAFTS.map(([user, name, body, song], n) => ({
    id: sampleId('writing_session', n + 1),
    user_id: SAMPLE_USERS[user].id,
    name,
    body,
    song_id: song === null ? null : (NIGHT_SHIFT_SONGS[song - 1] ?? null),
    ...madeBy(SAMPLE_USERS[user].id, clock.at(-10 + n, 1330)),
  }))
}

/** Everybody has read what others made, and what was said, until two days ago; the rest is new to them. */
function readMarksOf(
  member: SampleUser,
  { rows, messages }: Read,
  clock: SampleClock,
): (typeof readMarks.$inferInsert)[] {
  const { id: user_id } = SAMPLE_USERS[member]
  const readUntil = clock.at(-2)
  const mark = (entity: string, entity_id: string, last_read: string | null = null) => ({
    id: derivedKey(`${entity}:${entity_id}`, user_id),
    user_id,
    entity,
    entity_id,
    version: 1,
    last_read,
    ...madeBy(user_id, readUntil),
  })
  const lastOfConversations = new Map<string, Said>()
  for (const message of messages) {
    if (message.created_at < readUntil) lastOfConversations.set(message.conversation_id, message)
  }
  return [
    ...rows
      .filter((row) => row.created_at < readUntil && row.created_by !== user_id)
      .map((row) => mark(row.entity, row.id)),
    ...[...lastOfConversations].map(([conversation, last]) =>
      mark('conversations', conversation, `${last.created_at}|${last.id}`),
    ),
  ]
}
