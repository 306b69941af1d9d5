import fc from 'fast-check'
import { expect, test } from 'vitest'
import { arrangeScreenful, createArrange } from './arrange'
import { NO_FILTER } from './song-filter'
import { anySong, song, sortKeys } from './song.testkit'

test('a song that is being edited stays where it is, in order and among those found', () => {
  const [before, other] = [song({ id: 'a', title: 'Abba' }), song({ id: 'b', title: 'Beck' })]
  const typed = { ...before, title: 'Zappa' }
  const byTitle = { by: 'title', isDescending: false } as const
  const arrange = createArrange()
  expect(arrange([other, typed], NO_FILTER, byTitle, before)).toEqual([typed, other])
  expect(arrange([other, typed], { ...NO_FILTER, search: 'abba' }, byTitle, before)).toEqual([typed])
  expect(arrange([other, typed], NO_FILTER, byTitle, null)).toEqual([other, typed])
})

test('a held song that was deleted meanwhile is not shown', () => {
  const [held, other] = [song({ id: 'a' }), song({ id: 'b' })]
  const byTitle = { by: 'title', isDescending: false } as const
  expect(createArrange()([other], NO_FILTER, byTitle, held)).toEqual([other])
})

/** What happens to a list between two looks at it: some songs change, some go, some come, or it is sorted anew. */
const step = fc.record(
  {
    changed: fc.array(fc.record({ at: fc.nat(11), to: anySong })),
    gone: fc.array(fc.nat(11)),
    come: fc.array(anySong, { maxLength: 3 }),
    by: fc.constantFrom(...sortKeys),
    isDescending: fc.boolean(),
    isResorted: fc.boolean(),
    search: fc.constantFrom('', 'a', 'x'),
    heldAt: fc.option(fc.nat(11)),
  },
  { noNullPrototype: true },
)

test('remembering the last order changes no outcome, whatever happened in between', () => {
  fc.assert(
    fc.property(
      fc.array(anySong, { maxLength: 12 }),
      fc.array(step, { minLength: 1, maxLength: 8 }),
      (start, steps) => {
        const arrange = createArrange()
        let songs = [...new Map(start.map((each) => [each.id, each])).values()]
        let sort: { by: (typeof sortKeys)[number]; isDescending: boolean } = { by: 'title', isDescending: false }
        for (const { changed, gone, come, by, isDescending, isResorted, search, heldAt } of steps) {
          const held = heldAt === null ? null : (songs[heldAt] ?? null)
          for (const { at, to } of changed) songs = songs.map((each, i) => (i === at ? { ...to, id: each.id } : each))
          songs = songs.filter((_, i) => !gone.includes(i))
          songs = [...songs, ...come.filter(({ id }) => songs.every((each) => each.id !== id))]
          if (isResorted) sort = { by, isDescending }
          const filter = { ...NO_FILTER, search }
          expect(arrange(songs, filter, sort, held)).toEqual(createArrange()(songs, filter, sort, held))
        }
      },
    ),
  )
})

test('a screenful begins as the whole list does, and holds every song that is shown', () => {
  fc.assert(
    fc.property(
      fc.array(anySong, { maxLength: 300 }),
      fc.constantFrom(...sortKeys),
      fc.boolean(),
      fc.constantFrom('', 'a'),
      (drawn, by, isDescending, search) => {
        const songs = [...new Map(drawn.map((each) => [each.id, each])).values()]
        const [filter, sort] = [
          { ...NO_FILTER, search },
          { by, isDescending },
        ]
        const whole = createArrange()(songs, filter, sort, null)
        const hurried = arrangeScreenful(songs, filter, sort)
        expect(hurried.slice(0, 100)).toEqual(whole.slice(0, 100))
        expect(new Set(hurried)).toEqual(new Set(whole))
        expect(hurried).toHaveLength(whole.length)
      },
    ),
  )
})
