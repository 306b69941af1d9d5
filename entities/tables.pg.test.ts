import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SERVER_COLUMNS } from '@/lib/entity/define'
import type { TestDatabase } from '@/scripts/test/database'
import { type Column, columnsOf, installationOf } from '@/scripts/test/laws/catalogue'
import { sampleValue, wordsOf } from '@/scripts/test/laws/sample-values'
import { testDatabase } from '@/scripts/test/postgres'
import { allEntities } from '.'

let db: TestDatabase
let client: pg.Client
beforeAll(async () => {
  db = await testDatabase({ migrated: true })
  client = new pg.Client(db.superuserUrl)
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await db[Symbol.asyncDispose]()
})

/** A value of each type that tables use, and one that is none; a schema must tell them apart as Postgres does. */
const TYPES: Readonly<Record<string, { takes: unknown[]; refuses: unknown[] }>> = {
  uuid: { takes: ['5a000000-0000-4000-8000-000000000001'], refuses: ['5a', 1] },
  int4: { takes: [1], refuses: [1.5, '1', 2 ** 31] },
  timestamptz: { takes: ['2026-05-01T18:00:00.000Z'], refuses: ['yesterday', 1] },
  text: { takes: [], refuses: [1, { a: 1 }, 'a\u0000b', '\ud800'] },
  _text: { takes: [['a', 'b'], []], refuses: ['a', [1]] },
  bool: { takes: [true], refuses: ['true', 1] },
  jsonb: { takes: [[]], refuses: [] },
}

describe.each(allEntities.map((entity) => [entity.name, entity] as const))('%s', (name, entity) => {
  /** The schema of each column of a row, server's and own. */
  const schemas = new Map([
    ...Object.entries(SERVER_COLUMNS[entity.serverColumns]),
    ...Object.entries(entity.fields).map(([column, { schema }]) => [column, schema] as const),
  ])

  test('a row has exactly the columns of its table, but for hidden ones', async () => {
    const inTable = (await columnsOf(client, name)).map((column) => column.name)
    expect([...entity.columns, ...entity.hidden].toSorted()).toEqual(inTable.toSorted())
  })

  test('each column has its table’s type and is null where the table may be', async () => {
    for (const column of await visibleColumns()) {
      const schema = schemas.get(column.name)
      const type = TYPES[column.type]
      if (!schema || !type) throw new Error(`${column.name}: nothing known about ${column.type}`)
      const takes = (value: unknown) => schema.safeParse(value).success
      // JSON null is a value of its own: a jsonb column may hold it either way.
      if (column.type !== 'jsonb') expect(takes(null), `${column.name} null`).toBe(column.isNullable)
      if (wordsOf(schema)) {
        expect(column.type, column.name).toBe('text')
        expect(takes('no such word'), column.name).toBe(false)
        continue
      }
      for (const value of type.takes) expect(takes(value), `${column.name} ${JSON.stringify(value)}`).toBe(true)
      for (const value of type.refuses) expect(takes(value), `${column.name} ${JSON.stringify(value)}`).toBe(false)
    }
  })

  test('no column, not even a hidden one, has a type that a browser reads wrongly', async () => {
    // int8 and numeric lose digits as JavaScript numbers, floats are not equal to what was written, times without a zone mean any moment.
    const exact = Object.keys(TYPES)
    for (const column of await columnsOf(client, name)) expect(exact, column.name).toContain(column.type)
    for (const inexact of ['int8', 'numeric', 'float4', 'float8', 'timestamp']) expect(exact).not.toContain(inexact)
  })

  test('what an insert may leave out, the table fills in', async () => {
    for (const column of await visibleColumns()) {
      const field = entity.fields[column.name]
      if (field?.insert === 'optional') expect(column.isNullable || column.hasDefault, column.name).toBe(true)
    }
  })

  test('the words of an enumeration are those that the table takes', async () => {
    for (const [column, schema] of schemas) {
      const words = wordsOf(schema)
      if (!words) continue
      const { rows } = await client.query<{ check: string }>(
        `select pg_get_constraintdef(oid) as check from pg_constraint
         where conrelid = format('public.%I', $1::text)::regclass and contype = 'c' and conname = $2`,
        [name, `${name}_${column}_known`],
      )
      const taken = [...(rows[0]?.check ?? '').matchAll(/'([^']*)'::text/g)].map(([, word = '']) => word)
      expect(taken.toSorted(), column).toEqual(words.toSorted())
    }
  })

  test('the table is installed for sync: triggers, row-level security, publication, whole old rows', async () => {
    const installed = await installationOf(client, name)
    expect(installed).toMatchObject({
      scopeColumn: entity.scope.column,
      hasRowSecurity: true,
      replicaIdentity: 'f',
      isPublished: true,
    })
    expect(installed.triggers).toEqual(
      expect.arrayContaining(entity.serverColumns === 'edited' ? ['fixed', 'stamp'] : ['fixed']),
    )
    expect(installed.policies.find((policy) => policy.name === 'electric_reads')).toEqual({
      name: 'electric_reads',
      roles: ['backline_electric'],
      command: 'SELECT',
    })
    // A policy without TO would be everybody's, the sync service's and that of whoever comes later.
    for (const { name: policy, roles } of installed.policies) expect(roles, policy).not.toContain('public')
  })

  test('the scope is never null and never changes', async () => {
    const scope = (await columnsOf(client, name)).find((column) => column.name === entity.scope.column)
    expect(scope).toMatchObject({ type: 'uuid', isNullable: false })
    const { fixedColumns } = await installationOf(client, name)
    expect(fixedColumns).toEqual(expect.arrayContaining(['id', entity.scope.column]))
  })

  test('what the table keeps from changing, no update may name', async () => {
    const { fixedColumns } = await installationOf(client, name)
    for (const column of fixedColumns) expect(entity.fields[column]?.patch ?? false, column).toBe(false)
  })

  test('has a sample value for every column', () => {
    for (const schema of schemas.values()) expect(() => sampleValue(schema, 1)).not.toThrow()
  })

  async function visibleColumns(): Promise<Column[]> {
    return (await columnsOf(client, name)).filter((column) => !entity.hidden.includes(column.name))
  }
})

test('every table that is installed for sync is an entity’s', async () => {
  const { rows } = await client.query<{ name: string }>('select name from app.synced_table')
  expect(rows.map(({ name }) => name).toSorted()).toEqual(allEntities.map(({ name }) => name).toSorted())
})
