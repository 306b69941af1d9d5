import { v5 as derivedKey } from 'uuid'
import type { attendance, practices, SetlistItem, setlists, shows, songs } from '../schema'
import {
  NIGHT_SHIFT,
  NIGHT_SHIFT_PRACTICES,
  NIGHT_SHIFT_SETLISTS,
  NIGHT_SHIFT_SHOWS,
  NIGHT_SHIFT_SONGS,
  PAPER_LIONS,
  PAPER_LIONS_SETLISTS,
  PAPER_LIONS_SHOWS,
  PAPER_LIONS_SONGS,
  SAMPLE_USERS,
  sampleId,
  type SampleUser,
} from '../sample-ids'
import { lengthToMs, madeBy, type SampleClock } from './clock'
import { NIGHT_SHIFT_REPERTOIRE, PAPER_LIONS_REPERTOIRE, type SampleSong } from './songs'

const { sarah, alex, noah, olga } = SAMPLE_USERS
const MINUTE_MS = 60_000
const ZONE = 'Europe/Berlin'

/** Songs, setlists, shows, practices and who comes to them. */
export function sampleCalendar(clock: SampleClock) {
  return {
    songs: sampleSongs(clock),
    setlists: sampleSetlists(clock),
    shows: sampleShows(clock),
    practices: samplePractices(clock),
    attendance: sampleAttendance(clock),
  }
}

function sampleSongs(clock: SampleClock): (typeof songs.$inferInsert)[] {
  const writers = [sarah, alex, noah]
  const row = (
    { length, ...song }: SampleSong,
    id: string | undefined,
    band: string,
    author: string,
    days: number,
  ) => ({
    ...song,
    id: id ?? '',
    band_id: band,
    duration_ms: lengthToMs(length),
    ...madeBy(author, clock.at(days, 1150)),
  })
  return [
    ...NIGHT_SHIFT_REPERTOIRE.map((song, n) =>
      row(song, NIGHT_SHIFT_SONGS[n], NIGHT_SHIFT, writers[n % writers.length]?.id ?? sarah.id, -390 + n * 9),
    ),
    ...PAPER_LIONS_REPERTOIRE.map((song, n) =>
      row(song, PAPER_LIONS_SONGS[n], PAPER_LIONS, n % 2 === 0 ? olga.id : noah.id, -110 + n * 12),
    ),
  ]
}

/** What a setlist plays, in order: numbers are songs (counted from 1), texts are notes, `break` is a break. */
type Line = number | 'break' | `note: ${string}`

const PLAYED: readonly { name: string; lines: Line[]; notes?: string }[] = [
  {
    name: 'Friday club set',
    lines: [1, 4, 2, 21, 12, 9, 27, 10, 8, 'note: Encore', 33],
    notes: 'No talking before the third song.',
  },
  {
    name: 'Long night (two sets)',
    lines: [1, 4, 22, 5, 23, 6, 10, 'break', 2, 31, 12, 29, 20, 25, 'note: Encore', 21, 19],
  },
  { name: 'Acoustic', lines: [3, 24, 14, 28, 37, 19], notes: 'Stools, one mic for both voices.' },
  { name: 'Festival, 30 minutes', lines: [6, 1, 31, 10, 12, 39, 8], notes: 'Hard stop at 30:00.' },
  { name: 'Wedding, second half', lines: [22, 30, 24, 39, 29, 21, 'note: First dance again if asked', 25] },
  { name: 'Rehearsal order', lines: [7, 11, 13, 18, 26, 32] },
]

function sampleSetlists(clock: SampleClock): (typeof setlists.$inferInsert)[] {
  let count = 0
  const item = (line: Line, songIds: readonly string[]): SetlistItem => {
    const id = sampleId('setlist_item', ++count)
    if (line === 'break') return { id, kind: 'break', text: 'Break', duration_ms: 20 * MINUTE_MS }
    if (typeof line === 'string') return { id, kind: 'note', text: line.slice('note: '.length) }
    return { id, kind: 'song', song_id: songIds[line - 1] ?? '' }
  }
  const nightShift = PLAYED.map(({ name, lines, notes }, n) => ({
    id: NIGHT_SHIFT_SETLISTS[n] ?? '',
    band_id: NIGHT_SHIFT,
    name,
    notes: notes ?? null,
    items: lines.map((line) => item(line, NIGHT_SHIFT_SONGS)),
    ...madeBy(n % 2 === 0 ? sarah.id : alex.id, clock.at(-35 + n * 4, 1210)),
  }))
  const paperLions = {
    id: PAPER_LIONS_SETLISTS[0] ?? '',
    band_id: PAPER_LIONS,
    name: 'First show',
    items: ([1, 2, 6, 4, 3, 5] as const).map((line) => item(line, PAPER_LIONS_SONGS)),
    ...madeBy(olga.id, clock.at(-14, 1180)),
  }
  return [...nightShift, paperLions]
}

type SampleShow = {
  title: string
  venue: string
  address: string
  days: number
  status: 'draft' | 'confirmed' | 'played' | 'cancelled'
  setlist: number | null
  set_length_ms: number
  fee_cents: number | null
  notes?: string
}

const show = (
  [title, venue, address]: [string, string, string],
  days: number,
  status: SampleShow['status'],
  setlist: number | null,
  minutes: number,
  fee_cents: number | null,
  notes?: string,
): SampleShow => ({
  title,
  venue,
  address,
  days,
  status,
  setlist,
  set_length_ms: minutes * MINUTE_MS,
  fee_cents,
  ...(notes === undefined ? {} : { notes }),
})

const SHOWS: readonly SampleShow[] = [
  show(['Spring opening', 'Kulturhaus Ost', 'Hafenstr. 12, Leipzig'], -75, 'played', 2, 90, 60_000),
  show(
    ['Tape release of The Mild', 'Schokoladen', 'Ackerstr. 169, Berlin'],
    -48,
    'played',
    1,
    45,
    25_000,
    'We were support.',
  ),
  show(['Street festival', 'Südplatz, small stage', 'Südplatz, Leipzig'], -20, 'played', 4, 30, 20_000),
  show(
    ['Open air at the lock', 'Schleuse 9', 'Am Kanal 9, Halle'],
    -6,
    'cancelled',
    4,
    40,
    null,
    'Called off: storm warning.',
  ),
  show(
    ['Friday at Blue Note Cellar', 'Blue Note Cellar', 'Gerberstr. 3, Leipzig'],
    9,
    'confirmed',
    1,
    50,
    40_000,
    'Backline is there; bring cymbals.',
  ),
  show(
    ['Lena and Tom’s wedding', 'Gutshof Wiesen', 'Dorfstr. 1, Wiesen'],
    23,
    'confirmed',
    5,
    120,
    180_000,
    'Dinner for five included.',
  ),
  show(['Living-room concert', 'Living room of the Bergs', 'Arndtstr. 40, Leipzig'], 37, 'confirmed', 3, 40, 15_000),
  show(
    ['Summer festival', 'Stage B, City Park', 'Stadtpark, Dresden'],
    64,
    'draft',
    null,
    30,
    null,
    'Waiting for their contract.',
  ),
]

function sampleShows(clock: SampleClock): (typeof shows.$inferInsert)[] {
  const row = (
    { days, setlist, ...each }: SampleShow,
    id: string | undefined,
    band: string,
    setlistIds: readonly string[],
    author: string,
  ) => ({
    ...each,
    id: id ?? '',
    band_id: band,
    starts_at: clock.at(days, 1140),
    load_in_at: clock.at(days, 960),
    time_zone: ZONE,
    currency: each.fee_cents === null ? null : 'EUR',
    setlist_id: setlist === null ? null : (setlistIds[setlist - 1] ?? null),
    ...madeBy(author, clock.at(Math.min(days, 0) - 30, 1100)),
  })
  return [
    ...SHOWS.map((each, n) =>
      row(each, NIGHT_SHIFT_SHOWS[n], NIGHT_SHIFT, NIGHT_SHIFT_SETLISTS, n % 3 === 1 ? alex.id : sarah.id),
    ),
    row(
      show(['First show', 'Café Tassilo', 'Tassilostr. 8, Berlin'], 16, 'confirmed', 1, 30, 10_000),
      PAPER_LIONS_SHOWS[0],
      PAPER_LIONS,
      PAPER_LIONS_SETLISTS,
      olga.id,
    ),
  ]
}

const PRACTICES: readonly { days: number; agenda: [text: string, song: number | null][]; notes?: string }[] = [
  {
    days: -19,
    agenda: [
      ['Warm up with', 1],
      ['Street festival set, twice, with a clock', null],
    ],
  },
  {
    days: -12,
    agenda: [
      ['Key change in', 7],
      ['Second voices', 9],
    ],
    notes: 'Noah comes at eight.',
  },
  {
    days: -5,
    agenda: [
      ['New riff', 15],
      ['Tempo of', 18],
    ],
  },
  {
    days: 2,
    agenda: [
      ['From the top', 1],
      ['Solo and key change', 7],
      ['Who brings the PA?', null],
    ],
  },
  {
    days: 7,
    agenda: [
      ['Whole Friday set with breaks', null],
      ['Encore', 33],
    ],
    notes: 'Last one before the show.',
  },
  {
    days: 16,
    agenda: [
      ['Wedding songs', 22],
      ['First dance', 24],
    ],
  },
]

function samplePractices(clock: SampleClock): (typeof practices.$inferInsert)[] {
  let count = 0
  return PRACTICES.map(({ days, agenda, notes }, n) => ({
    id: NIGHT_SHIFT_PRACTICES[n] ?? '',
    band_id: NIGHT_SHIFT,
    starts_at: clock.at(days, 1080),
    ends_at: clock.at(days, 1260),
    time_zone: ZONE,
    place: n === 2 ? 'Noah’s basement' : 'Rehearsal room, yard 3',
    agenda: agenda.map(([text, song]) => ({
      id: sampleId('agenda_item', ++count),
      text,
      ...(song === null ? {} : { song_id: NIGHT_SHIFT_SONGS[song - 1] ?? '' }),
    })),
    notes: notes ?? null,
    ...madeBy(n % 2 === 0 ? sarah.id : noah.id, clock.at(Math.min(days, 0) - 10, 1220)),
  }))
}

const ANSWERS: readonly [
  subject: 'shows' | 'practices',
  n: number,
  user: SampleUser,
  answer: 'yes' | 'no' | 'maybe',
  note?: string,
][] = [
  ['shows', 5, 'sarah', 'yes'],
  ['shows', 5, 'alex', 'yes'],
  ['shows', 5, 'noah', 'yes', 'I drive'],
  ['shows', 5, 'mia', 'maybe', 'If my shift is swapped'],
  ['shows', 6, 'sarah', 'yes'],
  ['shows', 6, 'alex', 'maybe'],
  ['shows', 7, 'mia', 'yes'],
  ['practices', 4, 'sarah', 'yes'],
  ['practices', 4, 'alex', 'yes'],
  ['practices', 4, 'noah', 'no', 'Exam the next day'],
  ['practices', 5, 'alex', 'yes'],
  ['practices', 5, 'noah', 'yes'],
]

function sampleAttendance(clock: SampleClock): (typeof attendance.$inferInsert)[] {
  const subjects = { shows: NIGHT_SHIFT_SHOWS, practices: NIGHT_SHIFT_PRACTICES }
  return ANSWERS.map(([subject_entity, n, user, answer, note]) => {
    const subject_id = subjects[subject_entity][n - 1] ?? ''
    const { id: user_id } = SAMPLE_USERS[user]
    return {
      id: derivedKey(user_id, subject_id),
      band_id: NIGHT_SHIFT,
      subject_entity,
      subject_id,
      user_id,
      answer,
      note: note ?? null,
      ...madeBy(user_id, clock.at(-3, 1000 + n)),
    }
  })
}
