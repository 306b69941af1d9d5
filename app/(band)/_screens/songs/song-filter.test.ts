import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_FILTER, songChoices, songMatcher, songOrder, type Song } from './song-filter'
import { anySong, song, sortKeys } from './song.testkit'

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

test('every order is total: two devices show the same list whatever order the rows came in', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anySong, { selector: (each) => each.id, maxLength: 12 }),
      fc.constantFrom(...sortKeys),
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
