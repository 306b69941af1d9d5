import { describe, expect, test } from 'vitest'
import { allEntities } from '@/entities'
import type { Viewer } from '@/lib/entity/viewer'
import { parseOffset } from '@/lib/protocol/offset'
import { FORBIDDEN, liveKey, shapeFor, shapeUrl } from './shape'
import type { ShapePosition } from './shape-query'

const ME = '00000000-0000-4000-8000-000000000001'
const BAND = '00000000-0000-4000-8000-0000000000b1'
const PROJECT = '00000000-0000-4000-8000-0000000000c1'
const viewer: Viewer = { user_id: ME, bands: new Map([[BAND, 'owner']]), projects: new Map([[PROJECT, 'owner']]) }
const at: ShapePosition = {
  offset: parseOffset('12_4') ?? expect.unreachable(),
  handle: 'h',
  live: true,
  cursor: 'c',
  expiredHandle: 'e',
  cacheBuster: 'b',
}
const upstream = { url: 'http://electric.test', secret: 'hush' }

const shapes = allEntities.flatMap((entity) =>
  [null, ME, BAND, PROJECT].flatMap((requested) => {
    const shape = shapeFor(viewer, entity, requested)
    return shape.ok ? [{ name: `${entity.name} of ${requested ?? 'mine'}`, shape: shape.value }] : []
  }),
)

describe.each(shapes)('$name', ({ shape }) => {
  const url = shapeUrl(upstream, shape, at)

  test('asks for the declared columns of its own rows and nothing else', () => {
    expect(url.searchParams.get('table')).toBe(shape.entity.name)
    const columns = url.searchParams.get('columns')?.split(',')
    expect(columns).toEqual(shape.entity.columns.map((column) => `"${column}"`))
    for (const hidden of shape.entity.hidden) expect(columns).not.toContain(`"${hidden}"`)
    expect(url.searchParams.get('where')).toMatch(
      /^"(band_id|project_id|user_id|scope_id|id)" = \$1( AND "deleted_at" IS NULL)?$/,
    )
    expect([ME, BAND, PROJECT]).toContain(url.searchParams.get('params[1]'))
  })

  test('is live from now on, whole rows, exactly where it has a history', () => {
    expect(url.searchParams.get('log')).toBe(shape.entity.history ? 'changes_only' : null)
    expect(url.searchParams.get('replica')).toBe(shape.entity.history ? 'full' : null)
  })
})

test('the position and the secret travel with the definition', () => {
  const { shape } = shapes[0] ?? expect.unreachable()
  const { searchParams, origin, pathname } = shapeUrl(upstream, shape, at)
  expect(origin + pathname).toBe('http://electric.test/v1/shape')
  const names = ['offset', 'handle', 'live', 'cursor', 'expired_handle', 'cache-buster', 'secret']
  expect(names.map((name) => searchParams.get(name))).toEqual(['12_4', 'h', 'true', 'c', 'e', 'b', 'hush'])
  const first = shapeUrl({ ...upstream, secret: null }, shape, { ...at, handle: null, live: false, cursor: null })
  expect(['handle', 'live', 'cursor', 'secret'].filter((name) => first.searchParams.has(name))).toEqual([])
})

test('two who wait at one place are one, whatever their cursor; two shapes never are', () => {
  const keys = shapes.map(({ shape }) => liveKey(shape, at))
  const distinct = new Set(
    shapes.map(({ shape: { entity, scope } }) => `${entity.name} ${scope.column} ${scope.value}`),
  )
  expect(new Set(keys).size).toBe(distinct.size)
  const { shape } = shapes[0] ?? expect.unreachable()
  expect(liveKey(shape, { ...at, cursor: 'other', cacheBuster: null })).toBe(liveKey(shape, at))
  expect(liveKey(shape, { ...at, handle: 'other' })).not.toBe(liveKey(shape, at))
})

test('a stranger and nobody at all get one and the same refusal', () => {
  for (const entity of allEntities) {
    for (const requested of ['00000000-0000-4000-8000-0000000000ff', BAND, PROJECT]) {
      const nobody: Viewer = { user_id: ME, bands: new Map(), projects: new Map() }
      expect(shapeFor(nobody, entity, requested)).toEqual({ ok: false, failure: FORBIDDEN })
    }
  }
})
