import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Table, TableColumn } from '../postgres/table'
import { RowEncoder } from './row-encoder'

const value = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\0', '')),
  fc.string({
    unit: fc.constantFrom('\\', 'N', '\t', '\n', '\r', '\b', '\f', '\v', '"', '/', '\u0001', 'é'),
    maxLength: 8,
  }),
  fc.string({ unit: 'grapheme-ascii', minLength: 90, maxLength: 300 }),
)

test('a row as COPY writes it becomes the same values in JSON, wherever it lies among others', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 3, maxLength: 3 }), fc.nat(9), fc.boolean(), (row, before, hasNewline) => {
      const encoder = new RowEncoder({ table: table(['b', 'c', 'a'], 2), selected: [2, 0, 1], replica: 'default' })
      const copied = [row[2], row[0], row[1]].map(asCopy).join('\t') + (hasNewline ? '\n' : '')
      const bytes = Buffer.concat([Buffer.alloc(before, 'x'), Buffer.from(copied), Buffer.from('9\t9\t9\n')])
      const from = before
      const to = before + Buffer.byteLength(copied)
      const out = Buffer.alloc(encoder.sizeMax(to - from) + 1, 0x7e)
      const end = encoder.encode(bytes, from, to, out, 1)
      const item = JSON.parse(out.toString('utf8', 1, end)) as { key: string; value: Record<string, string | null> }
      expect(item.value).toEqual({ a: row[2], b: row[0], c: row[1] })
      const key = row[2]
      expect(item.key).toBe(`"public"."t"/${key === null ? '_' : `"${key?.replaceAll('/', '//')}"`}`)
      expect(end).toBeLessThanOrEqual(out.length)
    }),
  )
})

/** Postgres's own escapes in COPY's text format. */
function asCopy(text: string | null | undefined): string {
  if (text === null || text === undefined) return '\\N'
  const escapes: Record<string, string> = {
    '\b': 'b',
    '\f': 'f',
    '\n': 'n',
    '\r': 'r',
    '\t': 't',
    '\v': 'v',
    '\\': '\\',
  }
  return text.replace(/[\b\f\n\r\t\v\\]/g, (char) => `\\${escapes[char] ?? ''}`)
}

function table(names: string[], pk: number): Table {
  const columns = names.map((name, i) => ({ ...TEXT_COLUMN, name, pkIndex: i === pk ? 0 : null }))
  return { oid: 1, schema: 'public', name: 't', kind: 'ordinary', columns, pk: [pk], ancestors: [] }
}

const TEXT_COLUMN: TableColumn = {
  name: '',
  typeOid: 25,
  typeModifier: -1,
  typeName: 'text',
  dimensions: 0,
  elementType: null,
  typeKind: 'b',
  isPadded: false,
  isNotNull: false,
  generated: 'no',
  pkIndex: null,
}
