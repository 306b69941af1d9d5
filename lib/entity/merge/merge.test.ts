import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import type { Json } from '@/lib/protocol/json'
import { defineEntity, field } from '../define'
import { integer, list, nullable, tags, text, uuid } from '../fields'
import { isSameJson } from './equal'
import { mergeField } from './field'
import { mergeList, readList, type ListItem } from './list'
import { mergeMax } from './max'
import { mergeRow } from './row'
import { mergeText } from './text'
import { mergeUnion } from './union'

const sorted = (values: readonly Json[]) => [...values].map((value) => JSON.stringify(value)).sort()

describe('max', () => {
  const value = fc.option(fc.oneof(fc.integer()), { nil: null })

  test('commutes, associates, is idempotent and never falls', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        expect(mergeMax(a, b)).toBe(mergeMax(b, a))
        expect(mergeMax(a, mergeMax(b, c))).toBe(mergeMax(mergeMax(a, b), c))
        expect(mergeMax(a, a)).toBe(a)
        if (b !== null) expect(mergeMax(a, b)).toBeGreaterThanOrEqual(b)
      }),
    )
  })

  test('a field that never falls does not fall even for a writer who had seen the current value', () => {
    expect(mergeField('max', { base: 7, yours: 3, theirs: 7 })).toEqual({ kind: 'stands' })
    expect(mergeField('max', { base: 3, yours: 9, theirs: 7 })).toEqual({ kind: 'takes', value: 9 })
  })
})

describe('union', () => {
  const alphabet: readonly string[] = ['a', 'b', 'c', 'd', 'e', 'f']
  const set = fc.uniqueArray(fc.constantFrom(...alphabet))

  test('adds and removes of both sides survive, whoever comes first', () => {
    fc.assert(
      fc.property(set, set, set, (base, yours, theirs) => {
        const merged = mergeUnion(base, yours, theirs)
        expect(sorted(merged)).toEqual(sorted(mergeUnion(base, theirs, yours)))
        for (const tag of alphabet) {
          const wanted = base.includes(tag)
            ? yours.includes(tag) && theirs.includes(tag)
            : yours.includes(tag) || theirs.includes(tag)
          expect(merged.includes(tag)).toBe(wanted)
        }
        expect(new Set(merged).size).toBe(merged.length)
      }),
    )
  })

  test('merging the same change again changes nothing', () => {
    fc.assert(
      fc.property(set, set, set, (base, yours, theirs) => {
        const once = mergeUnion(base, yours, theirs)
        expect(mergeUnion(base, yours, once)).toEqual(once)
      }),
    )
  })
})

const ids = ['1', '2', '3', '4', '5', '6', '7']
const items = fc
  .tuple(fc.shuffledSubarray(ids), fc.array(fc.constantFrom('x', 'y', 'z'), { minLength: 7, maxLength: 7 }))
  .map(([chosen, texts]): ListItem[] => chosen.map((id) => ({ id, text: texts[Number(id) - 1] ?? '' })))
const find = (items: readonly ListItem[], id: string) => items.find((item) => item.id === id)

describe('list', () => {
  test('a change of one side alone comes out as that side made it', () => {
    fc.assert(
      fc.property(items, items, (base, changed) => {
        expect(mergeList(base, changed, base)).toEqual(changed)
        expect(mergeList(base, base, changed)).toEqual(changed)
        expect(mergeList(base, changed, changed)).toEqual(changed)
      }),
    )
  })

  test('adds, removes and edits of both sides survive, an edit beats a remove, and no item is there twice', () => {
    fc.assert(
      fc.property(items, items, items, (base, yours, theirs) => {
        const merged = mergeList(base, yours, theirs)
        expect(new Set(merged.map(({ id }) => id)).size).toBe(merged.length)
        for (const id of ids) {
          const [before, mine, other, after] = [base, yours, theirs, merged].map((list) => find(list, id))
          const isEdited = (item?: ListItem) => item !== undefined && item.text !== before?.text
          if (!before) expect(after !== undefined).toBe(mine !== undefined || other !== undefined)
          else if (mine && other) expect(after).toBeDefined()
          else expect(after !== undefined).toBe(isEdited(mine) || isEdited(other))
          if (isEdited(mine)) expect(after).toEqual(mine)
          else if (isEdited(other)) expect(after).toEqual(other)
        }
      }),
    )
  })

  test('which items survive does not depend on who comes first', () => {
    fc.assert(
      fc.property(items, items, items, (base, yours, theirs) => {
        const here = mergeList(base, yours, theirs).map(({ id }) => id)
        const there = mergeList(base, theirs, yours).map(({ id }) => id)
        expect(here.sort()).toEqual(there.sort())
      }),
    )
  })

  test('merging the same change again changes nothing', () => {
    fc.assert(
      fc.property(items, items, items, (base, yours, theirs) => {
        const once = mergeList(base, yours, theirs)
        expect(sorted(mergeList(base, yours, once))).toEqual(sorted(once))
      }),
    )
  })

  test('two people move different songs: both moves stand', () => {
    const order = (text: string): ListItem[] => text.split('').map((id) => ({ id }))
    expect(mergeList(order('abcdef'), order('bcadef'), order('abcfde'))).toEqual(order('bcafde'))
    expect(mergeList(order('abc'), order('abxc'), order('yabc'))).toEqual(order('yabxc'))
  })

  test('two edits of one item meet key by key', () => {
    const base = [{ id: 'a', text: 'Intro', duration_ms: 1000 }]
    const yours = [{ id: 'a', text: 'Opening', duration_ms: 1000 }]
    const theirs = [{ id: 'a', text: 'Intro', duration_ms: 2000 }]
    expect(mergeList(base, yours, theirs)).toEqual([{ id: 'a', text: 'Opening', duration_ms: 2000 }])
  })

  test('what is no list of items with ids of their own is not merged but asked about', () => {
    expect(readList([{ id: 'a' }, { id: 'a' }])).toBeNull()
    expect(readList([{ text: 'no id' }])).toBeNull()
    expect(readList('text')).toBeNull()
    const repeated = [{ id: 'a' }, { id: 'a' }]
    expect(mergeField('list', { base: [], yours: repeated, theirs: [{ id: 'b' }] })).toEqual({ kind: 'clash' })
  })
})

describe('text', () => {
  const prose = fc.option(
    fc.array(fc.constantFrom('', 'verse', 'chorus', 'bridge', 'solo'), { minLength: 1, maxLength: 8 }),
    { nil: null },
  )
  const joined = (lines: readonly string[] | null) => lines && lines.join('\n')
  const count = (text: string | null, line: string) =>
    text === null ? 0 : text.split('\n').filter((l) => l === line).length

  test('a change of one side alone comes out as that side made it', () => {
    fc.assert(
      fc.property(prose, prose, (before, after) => {
        const [base, changed] = [joined(before), joined(after)]
        expect(mergeText(base, changed, base)).toEqual({ text: changed })
        expect(mergeText(base, base, changed)).toEqual({ text: changed })
        expect(mergeText(base, changed, changed)).toEqual({ text: changed })
      }),
    )
  })

  test('it comes to the same whoever is first, and merging the same change again changes nothing', () => {
    fc.assert(
      fc.property(prose, prose, prose, (before, mine, other) => {
        const [base, yours, theirs] = [joined(before), joined(mine), joined(other)]
        const merged = mergeText(base, yours, theirs)
        expect(merged).toEqual(mergeText(base, theirs, yours))
        if (merged && isSameJson(merged.text, yours)) expect(mergeText(base, yours, merged.text)).toEqual(merged)
      }),
    )
  })

  test('no line that either side added is lost, and none comes from nowhere', () => {
    fc.assert(
      fc.property(prose, prose, prose, (before, mine, other) => {
        const [base, yours, theirs] = [joined(before), joined(mine), joined(other)]
        const merged = mergeText(base, yours, theirs)
        if (!merged) return
        for (const line of ['', 'verse', 'chorus', 'bridge', 'solo']) {
          const [inBase, inYours, inTheirs, inMerged] = [base, yours, theirs, merged.text].map((t) =>
            count(t ?? null, line),
          ) as [number, number, number, number]
          expect(inMerged).toBeLessThanOrEqual(Math.max(inBase, inYours, inTheirs, inYours + inTheirs - inBase))
          expect(inMerged).toBeGreaterThanOrEqual(Math.min(inBase, inYours + inTheirs - inBase))
        }
      }),
    )
  })

  test('different lines merge, neighbours too; the same line asks', () => {
    const base = 'one\ntwo\nthree'
    expect(mergeText(base, 'ONE\ntwo\nthree', 'one\ntwo\nTHREE')).toEqual({ text: 'ONE\ntwo\nTHREE' })
    expect(mergeText(base, 'ONE\ntwo\nthree', 'one\nTWO\nthree')).toEqual({ text: 'ONE\nTWO\nthree' })
    expect(mergeText(base, 'one\n2\nthree', 'one\nTWO\nthree')).toBeNull()
    expect(mergeText(base, 'one\ntwo\nthree\nfour', 'one\ntwo\nthree\nvier')).toBeNull()
    expect(mergeText(null, 'mine', 'theirs')).toBeNull()
  })

  test('texts without a line in common are asked about in bounded time', () => {
    const lines = (prefix: string) => Array.from({ length: 10_000 }, (_, n) => `${prefix}${n}`).join('\n')
    expect(mergeText(lines('a'), lines('b'), lines('c'))).toBeNull()
  })
})

describe('a row', () => {
  const sample = defineEntity({
    name: 'sample',
    noun: 'sample',
    scope: { kind: 'band', column: 'band_id' },
    fields: {
      title: field(text(), 'ask'),
      artist: field(nullable(text())),
      tags: field(tags(3), 'union'),
      items: field(list(z.object({ id: uuid() })), 'list'),
      count: field(integer(), 'max'),
    },
    access: { read: [], insert: [], update: [], delete: [] },
    describe: () => 'sample',
  })

  test('fields meet each for itself: what merges is set, what clashes is asked', () => {
    const merged = mergeRow(
      sample,
      { title: 'Yours', artist: 'You', tags: ['a', 'b'] },
      { title: 'Base', artist: 'Base', tags: ['a'] },
      { title: 'Theirs', artist: 'They', tags: ['a', 'c'] },
    )
    expect(merged.changes).toEqual({ artist: 'You', tags: ['a', 'c', 'b'] })
    expect(merged.clashes).toEqual([{ field: 'title', base: 'Base', yours: 'Yours', theirs: 'Theirs' }])
  })

  test('without a base the writer counts as having seen the row as it stands', () => {
    expect(mergeRow(sample, { title: 'Yours' }, {}, { title: 'Theirs' })).toEqual({
      changes: { title: 'Yours' },
      clashes: [],
    })
  })

  test('halves that together are too long are asked about, not cut', () => {
    const merged = mergeRow(sample, { tags: ['a', 'b'] }, { tags: [] }, { tags: ['c', 'd'] })
    expect(merged.changes).toEqual({})
    expect(merged.clashes).toHaveLength(1)
  })
})
