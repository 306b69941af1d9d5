import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defineEntity, field, fixed, required } from '@/lib/entity/define'
import { nullable, requiredName, text, uuid } from '@/lib/entity/fields'
import { contentHash, isTooDeep } from './content-hash'
import { readEnvelope } from './envelope'
import { readWrite } from './received'

const id = '0190a000-0000-7000-8000-000000000001'
const key = '0190a000-0000-7000-8000-000000000002'
const band = '0190a000-0000-7000-8000-000000000003'

/** Version 2 renamed `heading` to `title`, version 3 writes artists in upper case. */
const tracks = defineEntity({
  name: 'tracks',
  noun: 'track',
  scope: { kind: 'band', column: 'band_id' },
  fields: { band_id: fixed(uuid()), title: required(requiredName()), artist: field(nullable(text())) },
  access: { read: ['member'], insert: ['member'], update: [{ who: ['member'] }], delete: ['member'] },
  describe: () => 'track',
  upgrade: {
    2: ({ heading, ...columns }) => (heading === undefined ? columns : { ...columns, title: heading }),
    3: (columns) =>
      typeof columns['artist'] === 'string' ? { ...columns, artist: columns['artist'].toUpperCase() } : columns,
  },
})
const named = (name: string) => (name === 'tracks' ? tracks : null)

describe('a write made under an older schema', () => {
  const write = {
    id,
    entity: 'tracks',
    op: 'update',
    key,
    patch: { heading: 'New', artist: 'me' },
    base: { heading: 'Old' },
  }

  test('is brought up to date step by step, patch and base alike', () => {
    const read = readWrite(write, { named, schema: { from: 1, to: 3 } })
    expect(read).toMatchObject({
      kind: 'understood',
      write: { patch: { title: 'New', artist: 'ME' }, base: { title: 'Old' } },
    })
    const half = readWrite({ ...write, patch: { artist: 'me' }, base: {} }, { named, schema: { from: 2, to: 3 } })
    expect(half).toMatchObject({ kind: 'understood', write: { patch: { artist: 'ME' } } })
  })

  test('is refused under a schema that does not know its columns', () => {
    expect(readWrite(write, { named, schema: { from: 3, to: 3 } })).toMatchObject({ kind: 'malformed' })
  })

  test('is compared as first received: the same content has the same hash whatever the server is now', () => {
    const before = readWrite(write, { named, schema: { from: 1, to: 2 } })
    const after = readWrite(write, { named, schema: { from: 1, to: 3 } })
    expect(after.hash).toBe(before.hash)
  })
})

describe('the hash of a write', () => {
  test('does not depend on the order of keys, nor on what decides nothing', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (content) => {
        const reversed = Object.fromEntries(Object.entries(content).toReversed())
        expect(contentHash({ ...reversed, id: 'a', at: '1' })).toBe(contentHash({ ...content, id: 'b', at: '2' }))
      }),
    )
  })

  test('differs where a write says something else', () => {
    const write = { entity: 'songs', op: 'update', key, patch: { title: 'A' } }
    for (const other of [
      { op: 'delete' },
      { key: id },
      { patch: { title: 'B' } },
      { base: {} },
      { patch: { title: ['A'] } },
    ]) {
      expect(contentHash({ ...write, ...other })).not.toBe(contentHash(write))
    }
  })
})

describe('what is no write', () => {
  test('is refused, never thrown, whatever it is', () => {
    const op = fc.constantFrom('insert', 'update', 'delete', 'restore', 'drop')
    const entity = fc.constantFrom('songs', 'setlists', 'bands', 'conflicts', 'changes', 'presence', '__proto__')
    const almost = fc.record(
      {
        id: fc.constant(id),
        entity,
        op,
        key: fc.constant(key),
        values: fc.jsonValue(),
        patch: fc.jsonValue(),
        base: fc.jsonValue(),
      },
      { requiredKeys: ['entity'] },
    )
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), almost), (raw) => {
        const read = readWrite(raw)
        expect(['understood', 'malformed']).toContain(read.kind)
        if (read.kind === 'malformed') expect(read.rejection.kind).toBe('rejected')
      }),
    )
  })

  test('names what is wrong and where', () => {
    const read = readWrite({
      id,
      entity: 'songs',
      op: 'insert',
      key,
      values: { band_id: band, title: 'x'.repeat(201), wrong: 1 },
    })
    expect(read).toMatchObject({ kind: 'malformed', meant: { op: 'insert', key } })
    const issues = read.kind === 'malformed' ? read.rejection.issues : []
    expect(issues).toEqual(
      expect.arrayContaining(['values.title: is longer than 200 characters', 'values: wrong cannot be set here']),
    )
  })

  test('is deep', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
    expect(isTooDeep(nested(32))).toBe(false)
    expect(isTooDeep(nested(33))).toBe(true)
  })
})

test('an envelope is read or refused, never thrown', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      const read = readEnvelope(body)
      expect(read.ok || read.failure.code === 'invalid').toBe(true)
    }),
  )
})
