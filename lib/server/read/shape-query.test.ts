import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ELECTRIC_PARAMS } from '@/lib/protocol/names'
import { parseShapeQuery } from './shape-query'

const parse = (query: string) => parseShapeQuery(new URLSearchParams(query))
const issuesOf = (query: string) => {
  const parsed = parse(query)
  return parsed.ok ? null : parsed.failure.issues
}

test('a first request and a waiting one are understood', () => {
  expect(parse('offset=-1')).toMatchObject({
    ok: true,
    value: { scope: null, position: { offset: '-1', live: false } },
  })
  expect(parse('offset=12_4&handle=h-1&live=true&cursor=5&expired_handle=x&cache-buster=y&scope=s')).toEqual({
    ok: true,
    value: {
      scope: 's',
      position: { offset: '12_4', handle: 'h-1', live: true, cursor: '5', expiredHandle: 'x', cacheBuster: 'y' },
    },
  })
})

test('log is accepted and ignored', () => {
  expect(parse('offset=-1&log=full')).toEqual(parse('offset=-1'))
  expect(parse('offset=-1&log=changes_only')).toEqual(parse('offset=-1'))
})

const FORWARDED: readonly string[] = ['offset', 'handle', 'live', 'cursor', 'expired_handle', 'cache-buster', 'log']
const refused = Object.values(ELECTRIC_PARAMS).filter((name) => !FORWARDED.includes(name))

describe('what the server decides is refused', () => {
  test.each([
    ...refused,
    'params[1]',
    'params',
    'subset__where',
    'subset__limit',
    'subset__params',
    'source_id',
    'experimental_compaction',
    '__proto__',
    'constructor',
    'Offset',
    'offset ',
  ])('%s', (name) => {
    expect(issuesOf(`offset=-1&${encodeURIComponent(name)}=1`)).toEqual([`${name}: is not a parameter of this address`])
  })
})

test.each([...FORWARDED, 'scope'])('%s given twice is refused, the same value too', (name) => {
  expect(issuesOf(`offset=1_1&handle=h&${name}=-1&${name}=-1`)).toContain(`${name}: is given more than once`)
})

test.each([
  ['', 'offset: is missing; start with -1'],
  ['offset=', 'offset: has an invalid format'],
  ['offset=-2', 'offset: has an invalid format'],
  ['offset=1_1 OR 1', 'offset: has an invalid format'],
  ['offset=0_0', 'handle: is missing; it came with the last answer'],
  ['offset=0_0&handle=', 'handle: is missing; it came with the last answer'],
  ['offset=-1&live=true', 'live: cannot wait at offset -1'],
  ['offset=now&live', 'live: cannot wait at offset now'],
  [`offset=0_0&handle=${'h'.repeat(501)}`, 'handle: is too long'],
])('%s is refused with the reason', (query, issue) => {
  expect(issuesOf(query)).toContain(issue)
})

test('whatever is sent, only known parameters given once come through', () => {
  const name = fc.oneof(fc.constantFrom(...FORWARDED, 'scope', ...refused), fc.string({ maxLength: 12 }))
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string({ maxLength: 6 })), { maxLength: 6 }), (pairs) => {
      const parsed = parseShapeQuery(new URLSearchParams(pairs))
      if (!parsed.ok) return
      const names = pairs.map(([each]) => each)
      expect(new Set(names).size).toBe(names.length)
      for (const each of names) expect([...FORWARDED, 'scope']).toContain(each)
    }),
  )
})
