import { expect, test } from 'vitest'
import { Subject } from './target'
import type { Target } from './target'

/** How values, keys and the schema header are written, in the snapshot and in the log alike. */
export function valuePromises(target: () => Target): void {
  test.each<[string, string, string, unknown]>([
    ['int8', '9223372036854775807', '9223372036854775807', { type: 'int8' }],
    ['numeric(10,2)', "'1.5'", '1.50', { type: 'numeric', precision: 10, scale: 2 }],
    ['numeric', "'NaN'", 'NaN', { type: 'numeric' }],
    ['float8', "'-Infinity'", '-Infinity', { type: 'float8' }],
    ['float8', '0.1', '0.1', { type: 'float8' }],
    ['text', "'a\"b\\c' || chr(10) || chr(9) || 'ü€𝄞'", 'a"b\\c\n\tü€𝄞', { type: 'text' }],
    ['varchar(20)', "'x'", 'x', { type: 'varchar', max_length: 20 }],
    ['char(4)', "'ab'", 'ab  ', { type: 'bpchar', length: 4 }],
    ['bytea', "'\\x0001ff'", '\\x0001ff', { type: 'bytea' }],
    ['uuid', "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', { type: 'uuid' }],
    ['date', "'2024-02-29'", '2024-02-29', { type: 'date' }],
    ['timestamp', "'2024-01-01 10:00:00.5'", '2024-01-01 10:00:00.5', { type: 'timestamp' }],
    ['timestamptz(3)', "'2024-01-01 12:00:00+02'", '2024-01-01 10:00:00+00', { type: 'timestamptz', precision: 3 }],
    ['interval', "'1 day 02:03:04'", 'P1DT2H3M4S', { type: 'interval' }],
    ['interval day to second(2)', "'1 day'", 'P1D', { type: 'interval', fields: 'DAY TO SECOND', precision: 2 }],
    ['json', '\'{"b":1,  "a":2}\'', '{"b":1,  "a":2}', { type: 'json' }],
    ['jsonb', '\'{"b":1,"a":2}\'', '{"a": 2, "b": 1}', { type: 'jsonb' }],
    ['int4[]', "'{1,2,NULL}'", '{1,2,NULL}', { type: 'int4', dims: 1 }],
    ['text[][]', '\'{{"a b",c},{d,e}}\'', '{{"a b",c},{d,e}}', { type: 'text', dims: 2 }],
    ['bool[]', "'{t,f}'", '{t,f}', { type: 'bool', dims: 1 }],
    ['bit(5)', "B'10101'", '10101', { type: 'bit', length: 5 }],
    ['time(2)', "'10:00:00.12'", '10:00:00.12', { type: 'time', precision: 2 }],
  ])('PT1 %s %s is written as Postgres writes it', async (type, literal, expected, schema) => {
    await using subject = new Subject(target())
    const table = await subject.table(`id int PRIMARY KEY, v ${type}`)
    await subject.sql(`INSERT INTO ${table} VALUES (1, ${literal})`)
    const first = await subject.shape({ table, offset: '-1' })
    expect(JSON.parse(first.headers.get('electric-schema') ?? '{}')).toEqual({
      id: { type: 'int4', pk_index: 0, not_null: true },
      v: schema,
    })
    const reader = await subject.follow({ table })
    expect(reader.rows[0]?.value?.['v']).toBe(expected)
    await subject.sql(`INSERT INTO ${table} VALUES (2, ${literal})`)
    expect((await reader.live()).messages[0]?.value?.['v']).toBe(expected)
  })

  test('PT2 NULL is null; booleans are words in the snapshot and letters in the log', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY, n text, b bool')
    await subject.sql(`INSERT INTO ${table} VALUES (1, NULL, true)`)
    const reader = await subject.follow({ table })
    expect(reader.rows[0]?.value).toEqual({ id: '1', n: null, b: 'true' })
    await subject.sql(`INSERT INTO ${table} VALUES (2, NULL, false)`)
    expect((await reader.live()).messages[0]?.value).toEqual({ id: '2', n: null, b: 'f' })
  })

  test('PT3 enums, domains and composites keep their names', async () => {
    await using subject = new Subject(target())
    const name = subject.tableName()
    await subject.sql(`CREATE TYPE ${name}_mood AS ENUM ('sad', 'ok'); CREATE DOMAIN ${name}_pos AS int CHECK (VALUE > 0);
      CREATE TYPE ${name}_pair AS (x float8, y float8);
      CREATE TABLE ${name} (id int PRIMARY KEY, m ${name}_mood, d ${name}_pos, p ${name}_pair, ms ${name}_mood[])`)
    await subject.sql(`INSERT INTO ${name} VALUES (1, 'ok', 5, '(1.1,2.2)', '{sad,ok}')`)
    const first = await subject.shape({ table: name, offset: '-1' })
    expect(JSON.parse(first.headers.get('electric-schema') ?? '{}')).toMatchObject({
      m: { type: `${name}_mood` },
      d: { type: `${name}_pos` },
      p: { type: `${name}_pair` },
      ms: { type: `${name}_mood`, dims: 1 },
    })
    const reader = await subject.follow({ table: name, where: `m::text = 'ok'` })
    const value = { m: 'ok', d: '5', p: '(1.1,2.2)', ms: '{sad,ok}' }
    expect(reader.rows[0]?.value).toMatchObject(value)
    await subject.sql(`INSERT INTO ${name} VALUES (2, 'ok', 5, '(1.1,2.2)', '{sad,ok}')`)
    expect((await reader.live()).messages[0]?.value).toMatchObject(value)
    await subject.sql(`DROP TABLE ${name}; DROP TYPE ${name}_mood; DROP DOMAIN ${name}_pos; DROP TYPE ${name}_pair`)
  })

  test('PT4 stored generated columns are followed from Postgres 18 on and refused before; virtual ones are refused', async () => {
    await using subject = new Subject(target())
    const [version] = await subject.rows<{ number: string }>("SELECT current_setting('server_version_num') AS number")
    const isEighteen = Number(version?.number) >= 180_000
    const table = await subject.table('id int PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED')
    await subject.sql(`INSERT INTO ${table} (id, n) VALUES (1, 10)`)
    if (isEighteen) {
      const reader = await subject.follow({ table, where: 'twice > 10' })
      expect(reader.rows[0]?.value).toEqual({ id: '1', n: '10', twice: '20' })
      await subject.sql(`UPDATE ${table} SET n = 11`)
      expect((await reader.live()).messages[0]?.value).toEqual({ id: '1', n: '11', twice: '22' })
      await subject.sql(
        `ALTER TABLE ${table} DROP COLUMN twice, ADD COLUMN twice int GENERATED ALWAYS AS (n * 2) VIRTUAL`,
      )
    }
    const list = 'The following columns are generated and cannot be included in the shape: twice'
    const hint =
      "You can exclude them from the shape by explicitly listing which columns to fetch in the 'columns' query param"
    for (const [columns, message] of [
      ['id,twice', list],
      [null, `${list}. ${hint}`],
    ] as const) {
      const response = await subject.shape({ table, offset: '-1', ...(columns === null ? {} : { columns }) })
      expect([response.status, await response.json()]).toEqual([
        400,
        { message: 'Invalid request', errors: { columns: [message] } },
      ])
    }
    expect((await subject.follow({ table, columns: 'id,n' })).rows).toHaveLength(1)
  })

  test('PK1 keys are the same in snapshot and log, whatever they hold', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('a text, b int, c text, PRIMARY KEY (c, b)')
    await subject.sql(`INSERT INTO ${table} VALUES ('x', 1, 'sl/ash "q" \\ ü')`)
    const reader = await subject.follow({ table })
    const key = `"public"."${table}"/"sl//ash "q" \\ ü"/"1"`
    expect(reader.rows[0]?.key).toBe(key)
    await subject.sql(`UPDATE ${table} SET a = 'y'`)
    expect((await reader.live()).messages[0]?.key).toBe(key)
  })

  test('PK2 without a primary key the whole row is the key, nulls as _', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('a int, b text')
    await subject.sql(`INSERT INTO ${table} VALUES (1, NULL)`)
    const reader = await subject.follow({ table })
    expect(reader.rows[0]?.key).toBe(`"public"."${table}"/"1"/_`)
    await subject.sql(`DELETE FROM ${table}`)
    expect((await reader.live()).messages[0]).toMatchObject({
      key: `"public"."${table}"/"1"/_`,
      value: { a: '1', b: null },
    })
  })

  test('PK3 names with dots, slashes, quotes and capitals are escaped', async () => {
    await using subject = new Subject(target())
    const name = `Dot.slash/"q" ${subject.tableName()}`
    const quoted = `"${name.replaceAll('"', '""')}"`
    await subject.sql(`CREATE TABLE ${quoted} ("Id" int PRIMARY KEY)`)
    try {
      await subject.sql(`INSERT INTO ${quoted} VALUES (1)`)
      const reader = await subject.follow({ table: quoted })
      const key = `"public"."${name.replaceAll('.', '..').replaceAll('/', '//')}"/"1"`
      expect(reader.rows[0]).toMatchObject({ key, value: { Id: '1' }, headers: { relation: ['public', name] } })
      await subject.sql(`INSERT INTO ${quoted} VALUES (2)`)
      expect((await reader.live()).messages[0]?.key).toBe(key.replace('"1"', '"2"'))
    } finally {
      await subject.sql(`DROP TABLE ${quoted}`)
    }
  })

  test('PP1 a partitioned table is followed as one, a partition alone', async () => {
    await using subject = new Subject(target())
    const name = subject.tableName()
    await subject.sql(`CREATE TABLE ${name} (id int, region text, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
      CREATE TABLE ${name}_a PARTITION OF ${name} FOR VALUES IN ('a'); CREATE TABLE ${name}_b PARTITION OF ${name} FOR VALUES IN ('b')`)
    await subject.sql(`INSERT INTO ${name} VALUES (1, 'a', 'x'), (2, 'b', 'x')`)
    const root = await subject.follow({ table: name })
    const part = await subject.follow({ table: `${name}_a` })
    expect([root.rows.length, part.rows.length]).toEqual([2, 1])
    await subject.sql(`UPDATE ${name} SET v = 'y'`)
    const fromRoot = (await root.live()).messages.filter((message) => message.key)
    expect(new Set(fromRoot.map((message) => message.key))).toEqual(
      new Set([`"public"."${name}"/"1"/"a"`, `"public"."${name}"/"2"/"b"`]),
    )
    expect(fromRoot[0]?.headers['relation']).toEqual(['public', name])
    expect((await part.live()).messages[0]?.key).toBe(`"public"."${name}_a"/"1"/"a"`)
  })
}
