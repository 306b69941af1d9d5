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
  test.each(['2026-11-20', '2026-13-40T00:00:00Z', '2026-11-20T18:00:00', '0000-01-01T00:00:00Z', 5])(
    'a time refuses %j',
    (value) => expect(accepts(timestamp(), value)).toBe(false),
  )
  test('a time with any zone becomes ISO in UTC with milliseconds', () => {
    expect(z.parse(timestamp(), '2026-11-20T18:00:00+01:00')).toBe('2026-11-20T17:00:00.000Z')
  })
  test('a uuid becomes lower case', () => {
    expect(z.parse(uuid(), 'ABCDEF00-0000-0000-0000-00000000000A')).toBe('abcdef00-0000-0000-0000-00000000000a')
  })
  test('a text refuses more than its limit', () => expect(accepts(text(3), 'abcd')).toBe(false))
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
