/** The fixed ids of the sample data (db/seed.ts), for tests and tools. */

const KINDS = [
  'user',
  'band',
  'band_member',
  'song',
  'setlist',
  'setlist_item',
  'show',
  'practice',
  'agenda_item',
  'project',
  'project_user',
  'conversation',
  'message',
  'song_note',
  'writing_session',
  'change',
  'invite',
] as const

/** The id of the nth sample row of a kind, counted from 1. A valid uuid, recognisable at a glance. */
export function sampleId(kind: (typeof KINDS)[number], n: number): string {
  const group = (KINDS.indexOf(kind) + 1).toString(16).padStart(4, '0')
  return `5eed0000-${group}-4000-8000-${String(n).padStart(12, '0')}`
}

/** Every sample account's password. */
export const SAMPLE_PASSWORD = 'backline-demo'

export const SAMPLE_USERS = {
  sarah: { id: sampleId('user', 1), name: 'Sarah', email: 'sarah@backline.test' },
  alex: { id: sampleId('user', 2), name: 'Alex', email: 'alex@backline.test' },
  noah: { id: sampleId('user', 3), name: 'Noah', email: 'noah@backline.test' },
  mia: { id: sampleId('user', 4), name: 'Mia', email: 'mia@backline.test' },
  olga: { id: sampleId('user', 5), name: 'Olga', email: 'olga@backline.test' },
} as const
export type SampleUser = keyof typeof SAMPLE_USERS

/** Sarah owns it, Alex and Noah are collaborators, Mia is a viewer. */
export const NIGHT_SHIFT = sampleId('band', 1)
/** Olga owns it, Noah is a collaborator. */
export const PAPER_LIONS = sampleId('band', 2)

export const SAMPLE_MEMBERS = {
  nightShift: {
    sarah: sampleId('band_member', 1),
    alex: sampleId('band_member', 2),
    noah: sampleId('band_member', 3),
    mia: sampleId('band_member', 4),
  },
  paperLions: { olga: sampleId('band_member', 5), noah: sampleId('band_member', 6) },
} as const

/** Songs of The Night Shift in the order of db/sample/songs.ts. */
export const NIGHT_SHIFT_SONGS = range('song', 1, 40)
export const PAPER_LIONS_SONGS = range('song', 41, 6)
export const NIGHT_SHIFT_SETLISTS = range('setlist', 1, 6)
export const PAPER_LIONS_SETLISTS = range('setlist', 7, 1)
export const NIGHT_SHIFT_SHOWS = range('show', 1, 8)
export const PAPER_LIONS_SHOWS = range('show', 9, 1)
export const NIGHT_SHIFT_PRACTICES = range('practice', 1, 6)
/** The first is the band's general one. */
export const NIGHT_SHIFT_CONVERSATIONS = range('conversation', 1, 5)
export const PAPER_LIONS_CONVERSATIONS = range('conversation', 6, 1)

/** "Night Shift EP": Sarah owns it, Alex and Noah collaborate. */
export const EP_PROJECT = sampleId('project', 1)
/** "Kitchen demos": Alex owns it, Mia collaborates; it belongs to no band. */
export const DEMO_PROJECT = sampleId('project', 2)

/** Open invitation of The Night Shift, as a viewer. */
export const SAMPLE_INVITE_CODE = 'night-shift-stand-in-2026'

function range(kind: (typeof KINDS)[number], first: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => sampleId(kind, first + index))
}
