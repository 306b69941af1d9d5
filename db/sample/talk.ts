import type { conversations, messages } from '../schema'
import {
  NIGHT_SHIFT,
  NIGHT_SHIFT_CONVERSATIONS,
  NIGHT_SHIFT_SETLISTS,
  NIGHT_SHIFT_SHOWS,
  NIGHT_SHIFT_SONGS,
  PAPER_LIONS,
  PAPER_LIONS_CONVERSATIONS,
  SAMPLE_USERS,
  sampleId,
  type SampleUser,
} from '../sample-ids'
import { madeBy, type SampleClock } from './clock'

type Kind = 'general' | 'song' | 'show' | 'setlist'
type Talk = {
  id: string | undefined
  band: string
  title: string
  kind: Kind
  subject?: string | undefined
  lines: Line[]
}
/** Days from today, minutes after midnight, who, what. */
type Line = [days: number, minutes: number, user: SampleUser, body: string]

const TALKS: readonly Talk[] = [
  {
    id: NIGHT_SHIFT_CONVERSATIONS[0],
    band: NIGHT_SHIFT,
    title: 'Everyone',
    kind: 'general',
    lines: [
      [-12, 1005, 'sarah', 'Blue Note Cellar wrote back: Friday in three weeks is ours!'],
      [-12, 1007, 'alex', 'Yes!! Which set?'],
      [-12, 1011, 'sarah', 'The club set, maybe with Psycho Killer earlier.'],
      [-12, 1040, 'noah', 'I can drive, the van is free.'],
      [-6, 640, 'sarah', 'The lock is called off, storm warning. Sorry everybody.'],
      [-6, 652, 'mia', 'Oh no. See you at practice then.'],
      [-2, 1130, 'alex', 'Who has the long XLR cables?'],
      [-2, 1141, 'noah', 'In my trunk.'],
      [-1, 560, 'sarah', 'Please say yes or no to the wedding until Sunday.'],
      [-1, 575, 'mia', 'I am in, if you need a stand-in on keys.'],
    ],
  },
  {
    id: NIGHT_SHIFT_CONVERSATIONS[1],
    band: NIGHT_SHIFT,
    title: 'Slow Elevator',
    kind: 'song',
    subject: NIGHT_SHIFT_SONGS[6],
    lines: [
      [-11, 1290, 'noah', 'Key change: what if we hold the F for two more bars?'],
      [-11, 1302, 'sarah', 'Then I can breathe. Let’s try.'],
      [-4, 1275, 'alex', 'It worked yesterday, can we keep it?'],
    ],
  },
  {
    id: NIGHT_SHIFT_CONVERSATIONS[2],
    band: NIGHT_SHIFT,
    title: 'Friday at Blue Note Cellar',
    kind: 'show',
    subject: NIGHT_SHIFT_SHOWS[4],
    lines: [
      [-3, 900, 'sarah', 'Load-in at 18:00 local time, doors at 20:00.'],
      [-3, 915, 'noah', 'Parking is in the yard, ring at the steel door.'],
      [-3, 930, 'mia', 'I bring the merch box.'],
    ],
  },
  {
    id: NIGHT_SHIFT_CONVERSATIONS[3],
    band: NIGHT_SHIFT,
    title: 'Friday club set',
    kind: 'setlist',
    subject: NIGHT_SHIFT_SETLISTS[0],
    lines: [
      [-2, 1200, 'alex', 'Static and Rain before Kitchen Radio feels right.'],
      [-2, 1216, 'sarah', 'Agreed, moved it.'],
    ],
  },
  {
    id: NIGHT_SHIFT_CONVERSATIONS[4],
    band: NIGHT_SHIFT,
    title: 'EP: order and artwork',
    kind: 'general',
    lines: [
      [-9, 1100, 'sarah', 'Artwork idea: the night bus, seen from above.'],
      [-9, 1120, 'mia', 'Love it. Blue and that sodium orange?'],
      [-8, 700, 'alex', 'Last Train Out opens, nothing else makes sense.'],
    ],
  },
  {
    id: PAPER_LIONS_CONVERSATIONS[0],
    band: PAPER_LIONS,
    title: 'Lions',
    kind: 'general',
    lines: [
      [-7, 1000, 'olga', 'Café Tassilo is confirmed. Our first show!'],
      [-7, 1004, 'noah', 'Roar.'],
      [-5, 1190, 'olga', 'Tin Crown needs a second verse until then.'],
    ],
  },
]

/** Conversations and what was said in them. */
export function sampleTalk(clock: SampleClock): {
  conversations: (typeof conversations.$inferInsert)[]
  messages: (typeof messages.$inferInsert & { created_at: string })[]
} {
  let count = 0
  return {
    conversations: TALKS.map(({ id, band, title, kind, subject, lines: [first] }) => ({
      id: id ?? '',
      band_id: band,
      title,
      kind,
      subject_id: subject ?? null,
      ...madeBy(SAMPLE_USERS[first?.[2] ?? 'sarah'].id, clock.at(first?.[0] ?? 0, (first?.[1] ?? 0) - 1)),
    })),
    messages: TALKS.flatMap(({ id, band, lines }) =>
      lines.map(([days, minutes, user, body]) => ({
        id: sampleId('message', ++count),
        band_id: band,
        conversation_id: id ?? '',
        body,
        ...madeBy(SAMPLE_USERS[user].id, clock.at(days, minutes)),
      })),
    ),
  }
}
