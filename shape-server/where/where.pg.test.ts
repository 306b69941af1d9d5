import pg from 'pg'
import { expect, test } from 'vitest'
import { testDatabase } from '@/scripts/test/postgres'
import { Random } from '../oracle/random'
import { inspectTable } from '../postgres/inspect'
import { SESSION_SETTINGS } from '../postgres/pool'
import { compileWhere } from './compile'
import { loadGrammar } from './parse'

const COLUMNS = {
  i2: ['int2', ['0', '1', '-3', '7']],
  i4: ['int4', ['0', '1', '2', '-5', '100000']],
  i8: ['int8', ['0', '1', '9007199254740993', '-2']],
  f8: ['float8', ['0', '1.5', 'NaN', 'Infinity', '-2.25']],
  nu: ['numeric', ['0', '0.10', '0.10000000000000000001', '1.5', 'NaN', '-7']],
  tx: ['text', ['a', 'b', 'ab', 'A%', 'a\nb', '', 'x_y', 'ü']],
  vc: ['varchar(10)', ['a', 'b', 'ab']],
  bp: ['char(4)', ['a', 'ab', 'abcd']],
  bo: ['bool', ['t', 'f']],
  uu: ['uuid', ['0a0a0a0a-0000-4000-8000-000000000000', 'ffffffff-0000-4000-8000-000000000000']],
  da: ['date', ['2026-01-01', '2026-01-31', '1999-12-31', 'infinity']],
  ti: ['time', ['00:00:00', '10:30:00.5', '23:59:59']],
  ts: ['timestamp', ['2026-01-01 00:00:00', '2026-01-31 10:00:00.25']],
  tz: ['timestamptz', ['2026-01-01 00:00:00+00', '2026-03-29 01:30:00+00', '-infinity']],
  iv: ['interval', ['1 day', '24:00:00', '1 mon 2 days', '-01:00:00']],
  ar: ['int4[]', ['{}', '{1,2}', '{NULL,2}', '{{1,2},{3,4}}']],
  ta: ['text[]', ['{}', '{a,b}', '{"x y",NULL}']],
} as const satisfies Record<string, readonly [string, readonly string[]]>

const LITERALS: Record<string, string[]> = {
  number: ['0', '1', '-2', '1.5', '0.1', '7', '9007199254740993', 'i2', 'i4', 'i8', 'f8', 'nu'],
  integer: ['0', '1', '-2', '7', 'i2', 'i4', 'i8'],
  text: [
    "'a'",
    "'ab'",
    "''",
    "'ü'",
    'tx',
    'vc',
    'bp',
    'lower(tx)',
    'upper(vc)',
    "tx || 'b'",
    'concat(tx, i4)',
    "coalesce(tx, 'a')",
  ],
  pattern: ["'a%'", "'_b'", "'A\\%'", "'%'", "'a_b'", 'tx'],
  uuid: ["'0a0a0a0a-0000-4000-8000-000000000000'", 'uu'],
  date: ["'2026-01-01'::date", 'da', 'da + 1'],
  time: ["'10:30:00.5'::time", 'ti', "ti + '1 hour'::interval"],
  timestamp: [
    "'2026-01-31T10:00:00'::timestamp",
    'ts',
    "ts + '1 mon'::interval",
    'da + ti',
    "ts - '36 hours'::interval",
  ],
  timestamptz: [
    "'2026-01-01T01:00:00+01:00'::timestamptz",
    'tz',
    "tz + '1 day'::interval",
    "ts AT TIME ZONE 'Europe/Berlin'",
  ],
  interval: ["'1 day'::interval", 'iv', "iv + '1 day'::interval", 'justify_hours(iv)', 'ts - ts', 'iv * 2::float8'],
  bool: ['true', 'false', 'bo', 'NULL::bool'],
  ints: ["'{1,2}'::int4[]", 'ar', 'ARRAY[1,2]', 'ar || 3'],
  texts: ["'{a}'::text[]", 'ta', "ARRAY['a', tx]"],
}

function atom(random: Random): string {
  const of = (kind: string) => random.pick(LITERALS[kind] ?? [])
  const order = () => random.pick(['=', '<>', '<', '>', '<=', '>='])
  return random.pick([
    () => `${of('number')} ${order()} ${of('number')}`,
    () => `${of('integer')} ${random.pick(['+', '-', '&', '|', '#'])} ${of('integer')} ${order()} ${of('integer')}`,
    () => `@ (${of('number')}) ${order()} greatest(${of('integer')}, ${of('integer')})`,
    () => `${of('text')} ${random.pick(['=', '<>'])} ${of('text')}`,
    () => `${of('text')} ${random.pick(['LIKE', 'NOT LIKE', 'ILIKE', 'NOT ILIKE'])} ${of('pattern')}`,
    () => `${of('text')} ${random.pick(['IN', 'NOT IN'])} (${of('text')}, ${of('text')})`,
    () => `uu ${order()} ${of('uuid')}`,
    () => `${of('date')} ${order()} ${of('date')}`,
    () => `${of('time')} ${order()} ${of('time')}`,
    () => `${of('timestamp')} ${order()} ${of('timestamp')}`,
    () => `${of('timestamptz')} ${order()} ${of('timestamptz')}`,
    () => `${of('interval')} ${random.pick(['=', '<>'])} ${of('interval')}`,
    () => `${of('ints')} ${random.pick(['=', '<>', '@>', '<@', '&&'])} ${of('ints')}`,
    () => `${of('texts')} ${random.pick(['=', '@>', '<@', '&&'])} ${of('texts')}`,
    () => `${of('integer')} ${order()} ${random.pick(['ANY', 'ALL'])} (${of('ints')})`,
    () => `ar[${String(random.below(4))}] = 2`,
    () => `ar[1:2] = '{1,2}'`,
    () => `array_ndims(ar) = 1`,
    () =>
      `${of('number')} ${random.pick(['BETWEEN', 'NOT BETWEEN', 'BETWEEN SYMMETRIC'])} ${of('integer')} AND ${of('number')}`,
    () => `${of('number')} IS ${random.pick(['', 'NOT '])}DISTINCT FROM ${of('number')}`,
    () => `${random.pick(Object.keys(COLUMNS))} IS ${random.pick(['', 'NOT '])}NULL`,
    () => `(${of('bool')}) IS ${random.pick(['TRUE', 'NOT TRUE', 'FALSE', 'NOT FALSE', 'UNKNOWN', 'NOT UNKNOWN'])}`,
    () => `(i4::text = ${random.pick(["'1'", 'tx'])})`,
    () => of('bool'),
  ])()
}

function clause(random: Random, depth: number): string {
  if (depth === 0 || random.chance(0.3)) return atom(random)
  if (random.chance(0.25)) return `NOT (${clause(random, depth - 1)})`
  return `((${clause(random, depth - 1)}) ${random.pick(['AND', 'OR'])} (${clause(random, depth - 1)}))`
}

const seedCount = Number(process.env['ORACLE_SEEDS'] ?? 1)

test.each(Array.from({ length: seedCount }, (_, i) => i + 1))(
  'PW6 a clause matches the rows that Postgres selects (seed %i)',
  { timeout: 300_000 },
  async (seed) => {
    await loadGrammar()
    await using db = await testDatabase()
    const client = new pg.Client({ connectionString: db.superuserUrl })
    await client.connect()
    try {
      const random = new Random(seed)
      const columns = Object.entries(COLUMNS)
      await client.query(
        `${SESSION_SETTINGS}; CREATE TABLE r (id int PRIMARY KEY, ${columns.map(([name, [type]]) => `${name} ${type}`).join(', ')})`,
      )
      for (let id = 0; id < 60; id++) {
        const values = columns.map(([, [, examples]]) => (random.chance(0.15) ? null : random.pick<string>(examples)))
        await client.query(
          `INSERT INTO r VALUES (${String(id)}, ${values.map((_, i) => `$${String(i + 1)}`).join(', ')})`,
          values,
        )
      }
      const table = await inspectTable(client, { schema: 'public', name: 'r' })
      if (!table) throw new Error('no table')
      const texts = (
        await client.query<{ row: (string | null)[] }>(
          `SELECT json_build_array(id::text, ${columns.map(([name]) => (name === 'bo' ? `CASE WHEN bo THEN 't' WHEN NOT bo THEN 'f' END` : name === 'bp' ? `CASE WHEN bp IS NOT NULL THEN concat(bp, '') END` : `${name}::text`)).join(', ')}) AS row FROM r`,
        )
      ).rows
      const cells = texts.map(({ row }) => row)
      let compared = 0
      for (let i = 0; i < 400; i++) {
        const where = clause(random, 2)
        const compiled = compileWhere(where, {}, table)
        if (!compiled.ok) continue
        // A clause on which Postgres itself fails (overflow, division by zero) has no rows to compare.
        const selected = await client
          .query<{ id: string }>(`SELECT id::text FROM r WHERE (\n${compiled.where.sql}\n)`)
          .catch((error: Error & { code?: string }) =>
            error.code?.startsWith('22') ? null : Promise.reject(new Error(`${where}: ${error.message}`)),
          )
        if (!selected) continue
        const expected = selected.rows.map((row) => Number(row.id)).sort((a, b) => a - b)
        const found = cells
          .filter((row) => compiled.where.matches(row))
          .map((row) => Number(row[0]))
          .sort((a, b) => a - b)
        expect(found, where).toEqual(expected)
        compared++
      }
      expect(compared).toBeGreaterThan(250)
    } finally {
      await client.end()
    }
  },
)
