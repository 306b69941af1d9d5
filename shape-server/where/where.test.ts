import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Table, TableColumn } from '../postgres/table'
import { compileWhere } from './compile'
import { loadGrammar } from './parse'

beforeAll(loadGrammar)

const column = (name: string, typeName: string, more: Partial<TableColumn> = {}): TableColumn => ({
  name,
  typeOid: 0,
  typeModifier: -1,
  typeName,
  dimensions: 0,
  elementType: null,
  typeKind: 'b',
  isPadded: false,
  isNotNull: false,
  generated: 'no',
  pkIndex: null,
  ...more,
})

const table: Table = {
  oid: 1,
  schema: 'public',
  name: 'items',
  kind: 'ordinary',
  columns: [
    column('id', 'int4'),
    column('t', 'text'),
    column('n', 'numeric'),
    column('flag', 'bool'),
    column('u', 'uuid'),
    column('big', 'int8'),
    column('mood', 'mood', { typeKind: 'e' }),
    column('tags', '_text', { elementType: 'text', dimensions: 1 }),
    column('at', 'timestamptz'),
    column('j', 'jsonb'),
    column('c', 'bpchar', { isPadded: true }),
    column('dom', 'posint', { typeKind: 'd' }),
    column('b', 'bytea'),
  ],
  pk: [0],
  ancestors: [],
}

function errorOf(where: string, params: Record<string, string> = {}): string {
  const compiled = compileWhere(where, params, table)
  return compiled.ok ? 'no error' : compiled.error
}

function matches(where: string, values: Record<string, string | null>, params: Record<string, string> = {}): boolean {
  const compiled = compileWhere(where, params, table)
  if (!compiled.ok) throw new Error(compiled.error)
  return compiled.where.matches(table.columns.map((own) => values[own.name] ?? null))
}

describe('PW1 refusals have production’s words and places', () => {
  test.each([
    ['1 x 1', 'At location 17: syntax error at or near "x"'],
    ['id', 'WHERE clause must return a boolean'],
    ['nope = 1', 'At location 0: unknown reference nope'],
    ['items.id = 1', 'At location 0: unknown reference items.id'],
    ['id = 1; select 1', 'unescaped ";" causing statement split'],
    ['id = 1 ORDER BY id', 'malformed query ending with SQL clauses'],
    ['id = 1 GROUP BY id', 'malformed query ending with SQL clauses'],
    ['id = 1 LIMIT 1', 'malformed query ending with SQL clauses'],
    ['id = 1 UNION SELECT 1', 'malformed query ending with SQL clauses'],
    ['id = 1 HAVING true', 'malformed query ending with SQL clauses'],
    ['length(t) = 1', 'At location 0: unknown or unsupported function length/1'],
    ['now() > at', 'At location 0: unknown or unsupported function now/0'],
    ["j ->> 'a' = 'b'", 'At location 2: unknown binary operator ->>'],
    ["t ~ 'a'", 'At location 2: unknown binary operator ~'],
    ['id % 2 = 0', 'At location 3: unknown binary operator %'],
    ["mood = 'sad'", 'At location 7: invalid syntax for type enum mood: sad'],
    ['dom = 1', 'At location 4: Could not select an operator overload'],
    ["b = '\\x00'", 'At location 2: Could not select an operator overload'],
    ["j = '{}'", 'At location 2: Could not select an operator overload'],
    ['lower(id) = t', 'At location 0: Could not select a function overload for lower(int4)'],
    ['id::bool', 'no error'],
    ['big::int4 = 1', 'At location 0: unknown cast from type int8 to type int4'],
    ["u = 'x'", 'At location 4: invalid syntax for type uuid: x'],
    ["id = 'test'", 'At location 5: invalid syntax for type int4: test'],
    ["'x'::uuid = u", 'At location 0: could not cast value "x" from text to uuid'],
    ["at = '2020-01-01'", 'At location 5: invalid syntax for type timestamptz: 2020-01-01'],
    ['t::xml IS NULL', 'At location 3: unsupported type xml'],
    ['CASE WHEN flag THEN true ELSE false END', 'At location 0: CaseExpr is not supported in this context'],
    ['count(*) > 1', 'At location 0: aggregation is not supported in this context'],
    ['id = ANY(big)', 'At location 9: argument of ANY must be an array'],
    ["ARRAY[1, 'a'::text] = ARRAY[1]", 'At location 0: ARRAY types text and int4 cannot be matched'],
    ['id IS TRUE', 'At location 3: argument of IS TRUE must be bool, not int4'],
    ['id AND flag', 'At location 0: reference id of type int4 is not castable to bool'],
    ["b'101' = b'101'", 'At location 0: BitString values are not supported'],
    ['id = $1', 'At location 5: parameter $1 was not provided'],
    ['id = (SELECT id FROM items)', 'At location 5: only `value IN (SELECT ...)` sublinks are supported right now'],
    ["concat(VARIADIC ARRAY['a']) = t", 'At location 0: explicit VARIADIC function calls are not currently supported'],
    ['1/0 = 1', 'At location 1: Failed to apply function to constant arguments'],
  ])('%s', (where, error) => {
    expect(errorOf(where)).toBe(error)
  })

  test('params that conflict, or are not used', () => {
    expect(errorOf('id = $1', { 1: '1', 2: '2' })).toBe('At location 0: parameter value for $2 was not used')
    expect(errorOf('id = $1 AND t = $1', { 1: '1' })).toBe('At location 14: Could not select an operator overload')
  })
})

describe('PW2 rows match as in Postgres', () => {
  test.each<[string, Record<string, string | null>, boolean]>([
    ['t IS NULL', {}, true],
    ["NOT (t = 'a')", {}, false],
    ["t = 'a' OR t IS NULL", {}, true],
    ['n = 0.1', { n: '0.10' }, true],
    ['n = 0.1', { n: '0.10000000000000000001' }, false],
    ['n > 5', { n: 'NaN' }, true],
    ['big = 9007199254740993', { big: '9007199254740993' }, true],
    ['big = 9007199254740992', { big: '9007199254740993' }, false],
    ["c = 'ab'", { c: 'ab  ' }, true],
    ["t LIKE 'a%z'", { t: 'a\nz' }, true],
    ["t LIKE 'a\\%'", { t: 'a%' }, true],
    ["t NOT ILIKE 'A_'", { t: 'ab' }, false],
    ['id BETWEEN SYMMETRIC 5 AND 1', { id: '3' }, true],
    ['id NOT BETWEEN 1 AND 5', { id: '3' }, false],
    ['t IS DISTINCT FROM NULL', { t: 'a' }, true],
    ['t IS NOT DISTINCT FROM NULL', {}, true],
    ["tags @> ARRAY['a']", { tags: '{a,b}' }, true],
    ["tags && '{c}'", { tags: '{a,b}' }, false],
    ["'a' = ANY(tags)", { tags: '{NULL,a}' }, true],
    ["NOT ('x' = ANY(tags))", { tags: '{NULL,a}' }, false],
    ["tags[2] = 'b'", { tags: '{a,b}' }, true],
    ["tags[2:3] = ARRAY['b','c']", { tags: '{a,b,c}' }, true],
    ["tags || 'd' = '{a,d}'", { tags: '{a}' }, true],
    ["at >= '2026-01-01T00:00:00+01:00'", { at: '2025-12-31 23:00:00+00' }, true],
    ["at + '1 day'::interval > '2026-01-01T00:00:00Z'", { at: '2025-12-31 00:00:01+00' }, true],
    ["(at AT TIME ZONE 'Europe/Berlin') > '2026-07-01T01:59:59'::timestamp", { at: '2026-07-01 00:00:00+00' }, true],
    ["u = '0A0A0A0A-0000-4000-8000-000000000000'", { u: '0a0a0a0a-0000-4000-8000-000000000000' }, true],
    ["mood::text = 'sad'", { mood: 'sad' }, true],
    ["coalesce(t, 'none') = 'none'", {}, true],
    ['greatest(id, 5) = 5', { id: '3' }, true],
    ["concat(t, id, NULL) = 'a3'", { t: 'a', id: '3' }, true],
    ['id / 2 = 1', { id: '3' }, true],
    ['10 / id = 1', { id: '0' }, false],
    ['flag', { flag: 't' }, true],
    ['flag IS NOT TRUE', {}, true],
    ['~id & 1 = 0', { id: '1' }, true],
  ])('%s on %j', (where, row, expected) => {
    expect(matches(where, row)).toBe(expected)
  })

  test('a param takes the type of its context, in the clause and in its SQL', () => {
    const compiled = compileWhere(
      'u = $2 AND t IN ($1, $3)',
      { 1: "o'x", 2: '0a0a0a0a-0000-4000-8000-000000000000', 3: '\\' },
      table,
    )
    if (!compiled.ok) throw new Error(compiled.error)
    expect(compiled.where.sql).toBe(
      "u = '0a0a0a0a-0000-4000-8000-000000000000'::uuid AND t IN ('o''x'::text,  E'\\\\'::text)",
    )
  })
})

test('PW3 clauses that differ only in writing have one identity', () => {
  const identity = (where: string, params: Record<string, string> = {}) => {
    const compiled = compileWhere(where, params, table)
    return compiled.ok ? compiled.where.identity : compiled.error
  }
  expect(identity('ID=1   and (T is null)')).toBe(identity('id = 1 AND t IS NULL'))
  expect(identity('id = $1', { 1: '1' })).toBe(identity('id = $1', { 1: '1' }))
  expect(identity('id = $1', { 1: '1' })).not.toBe(identity('id = $1', { 1: '2' }))
})

test('PW4 no text makes the parser throw, and none breaks out of the clause', () => {
  const pieces = [
    'id',
    't',
    ' = ',
    '1',
    "'a'",
    ')',
    '(',
    ' OR ',
    ';',
    '--',
    '/*',
    '*/',
    '$1',
    '"',
    '\\',
    '\0',
    ' UNION ',
    ' SELECT ',
    'ü',
    '::',
  ]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      const compiled = compileWhere(parts.join(''), { 1: 'x' }, table)
      if (!compiled.ok) expect(compiled.error.length).toBeGreaterThan(0)
    }),
    { numRuns: 500 },
  )
})

test('PW5 a row that matches always has one of the routing keys', () => {
  const atom = fc.oneof(
    fc.integer({ min: 0, max: 3 }).map((n) => `id = ${String(n)}`),
    fc.constantFrom(
      "t = 'a'",
      "t IN ('a', 'b')",
      'flag',
      'id = ANY(ARRAY[1,2])',
      't IS NULL',
      'big = 2',
      'id > 1',
      'id = 1.0',
      'false',
    ),
  )
  const clause = fc.letrec<{ clause: string }>((tie) => ({
    clause: fc.oneof(
      { depthSize: 'small' },
      atom,
      fc.tuple(tie('clause'), fc.constantFrom('AND', 'OR'), tie('clause')).map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie('clause').map((inner) => `NOT (${inner})`),
    ),
  })).clause
  const row = fc.record({
    id: fc.constantFrom('0', '1', '2', '3', null),
    t: fc.constantFrom('a', 'b', 'c', null),
    flag: fc.constantFrom('t', 'f', null),
    big: fc.constantFrom('1', '2', null),
  })
  fc.assert(
    fc.property(clause, row, (where, values) => {
      const compiled = compileWhere(where, {}, table)
      if (!compiled.ok) throw new Error(compiled.error)
      const found: Record<string, string | null> = values
      const cells = table.columns.map((own) => found[own.name] ?? null)
      if (!compiled.where.matches(cells)) return
      const { keys } = compiled.where
      expect(keys === null || keys.some((key) => cells[key.column] === key.value)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})
