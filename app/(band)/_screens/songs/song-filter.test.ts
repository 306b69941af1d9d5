import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createArrange, NO_FILTER, songChoices, songMatcher, songOrder, type Song, type SortKey } from './song-filter'

const AT = '2026-11-20T18:00:00.000Z'

function song(values: Partial<Song>): Song {
  return {
    id: '0191e2a4-0000-7000-8000-000000000001',
    created_at: AT,
    deleted_at: null,
    version: 1,
    created_by: null,
    updated_at: AT,
    updated_by: null,
    updated_by_client: null,
    band_id: '0191e2a4-0000-7000-8000-000000000002',
    title: 'Wonderwall',
    artist: 'Oasis',
    key: 'F#m',
    tempo_bpm: 87,
    duration_ms: 258_000,
    tuning: null,
    status: 'ready',
    tags: ['encore'],
    lyrics: null,
    notes: null,
    ...values,
  }
}

const finds = (search: string, values: Partial<Song>) => songMatcher({ ...NO_FILTER, search })(song(values))

test('the search finds by title, artist and tag, whatever the case, accents and order of words', () => {
  expect(finds('OASIS wonder', {})).toBe(true)
  expect(finds('encore', {})).toBe(true)
  expect(finds('beyonce', { artist: 'Beyoncé' })).toBe(true)
  expect(finds('wonder radiohead', {})).toBe(false)
})

test('filters hold together', () => {
  const matches = songMatcher({ search: '', status: 'ready', tag: 'encore', key: 'F#m' })
  expect(matches(song({}))).toBe(true)
  expect(matches(song({ status: 'idea' }))).toBe(false)
  expect(matches(song({ tags: [] }))).toBe(false)
  expect(matches(song({ key: 'C' }))).toBe(false)
})

test('songs without a value come last in both directions', () => {
  const [with120, without] = [song({ tempo_bpm: 120 }), song({ tempo_bpm: null })]
  for (const isDescending of [true, false])
    expect([without, with120].toSorted(songOrder({ by: 'tempo_bpm', isDescending }))).toEqual([with120, without])
})

const keys: SortKey[] = ['title', 'artist', 'key', 'tempo_bpm', 'duration_ms', 'status', 'updated_at']
const anySong = fc
  .record(
    {
      id: fc.uuid(),
      title: fc.constantFrom('A', 'a', 'B', 'Ä'),
      artist: fc.constantFrom(null, 'X', 'Y'),
      tempo_bpm: fc.constantFrom(null, 90, 120),
      status: fc.constantFrom('idea' as const, 'ready' as const),
    },
    { noNullPrototype: true },
  )
  .map(song)

test('every order is total: two devices show the same list whatever order the rows came in', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anySong, { selector: (each) => each.id, maxLength: 12 }),
      fc.constantFrom(...keys),
      fc.boolean(),
      (songs, by, isDescending) => {
        const order = songOrder({ by, isDescending })
        expect(songs.toReversed().toSorted(order)).toEqual(songs.toSorted(order))
      },
    ),
  )
})

test('the filters offer what is in use, in order', () => {
  const songs = [song({ tags: ['b', 'a'], key: 'G' }), song({ tags: ['a'], key: null }), song({ tags: [], key: 'A' })]
  expect(songChoices(songs)).toEqual({ tags: ['a', 'b'], keys: ['A', 'G'] })
})

test('a song that is being edited stays where it is, in order and among those found', () => {
  const [before, other] = [song({ id: 'a', title: 'Abba' }), song({ id: 'b', title: 'Beck' })]
  const typed = { ...before, title: 'Zappa' }
  const byTitle = { by: 'title', isDescending: false } as const
  const arrange = createArrange()
  expect(arrange([other, typed], NO_FILTER, byTitle, before)).toEqual([typed, other])
  expect(arrange([other, typed], { ...NO_FILTER, search: 'abba' }, byTitle, before)).toEqual([typed])
  expect(arrange([other, typed], NO_FILTER, byTitle, null)).toEqual([other, typed])
})

test('starting from the last order changes no outcome, whatever came before', () => {
  const asked = fc.record(
    {
      songs: fc.uniqueArray(anySong, { selector: (each) => each.id, maxLength: 12 }),
      by: fc.constantFrom(...keys),
      isDescending: fc.boolean(),
      search: fc.constantFrom('', 'a', 'x'),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fc.array(asked, { minLength: 1, maxLength: 5 }), (rounds) => {
      const arrange = createArrange()
      for (const { songs, by, isDescending, search } of rounds) {
        const args = [songs, { ...NO_FILTER, search }, { by, isDescending }, null] as const
        expect(arrange(...args)).toEqual(createArrange()(...args))
      }
    }),
  )
})
