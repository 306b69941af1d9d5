import * as z from 'zod/mini'
import { describe, expect, test } from 'vitest'
import { entities } from '@/entities'
import { integer, requiredName, text, timestamp, uuid } from './fields'

const accepts = (schema: z.ZodMiniType, value: unknown) => z.safeParse(schema, value).success

describe('columns take only what Postgres takes', () => {
  test.each(['a\u0000b', '\ud800', 'x'.repeat(201), '', '   '])('a name refuses %j', (value) =>
    expect(accepts(requiredName(), value)).toBe(false),
  )
  test.each(['𝄞', 'Ünïcode', "'; drop table songs; --", 'x'.repeat(200)])('a name takes %j', (value) =>
    expect(accepts(requiredName(), value)).toBe(true),
  )
  test.each([1.5, 2_147_483_648, Number.NaN, '1', null])('an integer refuses %j', (value) =>
    expect(accepts(integer(), value)).toBe(false),
  )
  test.each([
    '2026-11-20',
    '2026-13-40T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-02-30T12:00:00+02:00',
    '2026-11-31T18:00:00Z',
    '2026-11-00T18:00:00Z',
    '2026-11-20T18:00:00',
    '0000-01-01T00:00:00Z',
    5,
  ])('a time refuses %j', (value) => expect(accepts(timestamp(), value)).toBe(false))
  test.each(['2024-02-29T00:00:00Z', '0001-01-01T00:00:00Z', '2026-12-31T23:59:59.999-12:00'])(
    'a time takes %j',
    (value) => expect(accepts(timestamp(), value)).toBe(true),
  )
  test('a time with any zone becomes ISO in UTC with milliseconds', () => {
    expect(z.parse(timestamp(), '2026-11-20T18:00:00+01:00')).toBe('2026-11-20T17:00:00.000Z')
  })
  test('a uuid becomes lower case', () => {
    expect(z.parse(uuid(), 'ABCDEF00-0000-0000-0000-00000000000A')).toBe('abcdef00-0000-0000-0000-00000000000a')
  })
  test('a text refuses more than its limit', () => expect(accepts(text(3), 'abcd')).toBe(false))
})

describe('what a write may carry is narrower than what a row may hold, so that no row of before is lost', () => {
  const ids = {
    band_id: '00000000-0000-4000-8000-0000000000b1',
    conversation_id: '00000000-0000-4000-8000-0000000000c1',
  }

  test.each<[string, string, boolean]>([
    ['5 KB of ASCII', 'x'.repeat(5120), true],
    ['a byte more', 'x'.repeat(5121), false],
    ['5 KB of umlauts', 'ä'.repeat(2560), true],
    ['an umlaut more', 'ä'.repeat(2561), false],
    ['5 KB of emoji', '😀'.repeat(1280), true],
    ['an emoji more', '😀'.repeat(1281), false],
  ])('a message of %s', (_, body, fits) => {
    expect(accepts(entities.messages.insert, { ...ids, body })).toBe(fits)
    expect(accepts(entities.messages.patch, { body })).toBe(fits)
  })

  test('a stored message of 5,000 characters is read, whatever its bytes', () => {
    expect(accepts(entities.messages.fields.body.schema, '語'.repeat(5000))).toBe(true)
  })

  test('an id names one item of a list', () => {
    const item = { id: ids.band_id, kind: 'note' }
    const twice = [item, { ...item, text: 'again' }]
    expect(accepts(entities.setlists.patch, { items: [item] })).toBe(true)
    expect(accepts(entities.setlists.patch, { items: twice })).toBe(false)
    expect(accepts(entities.setlists.insert, { band_id: ids.band_id, name: 'A', items: twice })).toBe(false)
    expect(accepts(entities.setlists.fields.items.schema, twice)).toBe(true)
  })
})

describe('what an insert and an update may name', () => {
  const band_id = '00000000-0000-4000-8000-0000000000b1'
  test('an insert needs its scope and title and takes listed columns', () => {
    expect(accepts(entities.songs.insert, { band_id, title: 'A', tags: ['x'], tempo_bpm: 120 })).toBe(true)
    expect(accepts(entities.songs.insert, { band_id })).toBe(false)
    expect(accepts(entities.songs.insert, { title: 'A' })).toBe(false)
  })
  test.each(['id', 'version', 'created_at', 'created_by', 'updated_by', 'deleted_at', 'nonsense', '__proto__'])(
    'neither takes %s',
    (column) => {
      const extra = JSON.parse(`{ "${column}": 1 }`) as Record<string, unknown>
      expect(accepts(entities.songs.insert, { band_id, title: 'A', ...extra, ...own(extra, column) })).toBe(false)
      expect(accepts(entities.songs.patch, { ...extra, ...own(extra, column) })).toBe(false)
    },
  )
  test('an update never takes the scope column', () => {
    for (const entity of Object.values(entities)) {
      expect(accepts(entity.patch, { [entity.scope.column]: band_id })).toBe(false)
    }
  })
})

/** Spreading drops an own `__proto__` key; a JSON body has it. */
function own(source: object, key: string): Record<string, unknown> {
  return Object.defineProperty({}, key, { value: Reflect.get(source, key) as unknown, enumerable: true })
}
