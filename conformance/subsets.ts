import { expect, test } from 'vitest'
import { Subject } from './target'
import type { Message, Target } from './target'

interface SubsetBody {
  metadata: Record<string, unknown>
  data: Message[]
}

/** Subset snapshots. */
export function subsetPromises(target: () => Target): void {
  test('PQ1 a subset holds the rows asked for, and the point in time they were read at', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY, n int, t text')
    await subject.sql(`INSERT INTO ${table} SELECT i, i % 3, 't' || i FROM generate_series(1, 9) i`)
    const response = await subject.shape({
      table,
      offset: 'now',
      log: 'changes_only',
      where: 'n < 2',
      subset__where: 't <> $1 AND n = $2',
      subset__params: '{"1":"t3","2":"1"}',
      subset__order_by: 'id DESC',
      subset__limit: '2',
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('electric-snapshot')).toBe('true')
    expect(response.headers.get('cache-control')).toBe('no-cache')
    expect(response.headers.has('electric-schema')).toBe(true)
    expect(response.headers.get('electric-has-data')).toBe('true')
    const body = (await response.json()) as SubsetBody
    expect(body.metadata).toEqual({
      xmin: expect.stringMatching(/^\d+$/) as string,
      xmax: expect.stringMatching(/^\d+$/) as string,
      xip_list: expect.any(Array) as string[],
      snapshot_mark: expect.any(Number) as number,
      database_lsn: expect.stringMatching(/^\d+$/) as string,
    })
    expect(body.data.map((row) => row.value?.['id'])).toEqual(['7', '4'])
    expect(body.data[0]?.headers).toEqual({
      operation: 'insert',
      relation: ['public', table],
      snapshot_mark: body.metadata['snapshot_mark'],
    })
  })

  test('PQ2 POST asks the same, flat or under subset', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    await subject.sql(`INSERT INTO ${table} VALUES (1), (2), (3)`)
    for (const body of [
      { where: 'id > 1', order_by: 'id', limit: 1 },
      { subset: { where: 'id > 1', order_by: 'id', limit: 1 } },
    ]) {
      const response = await subject.shape(
        { table, offset: 'now', log: 'changes_only' },
        { method: 'POST', body: JSON.stringify(body) },
      )
      expect(response.status).toBe(200)
      expect(((await response.json()) as SubsetBody).data.map((row) => row.value)).toEqual([{ id: '2' }])
    }
  })

  test('PQ3 a subset never shows what the shape does not', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY, n int')
    await subject.sql(`INSERT INTO ${table} VALUES (1, 1), (2, 2), (3, 3)`)
    const response = await subject.shape({
      table,
      offset: 'now',
      log: 'changes_only',
      where: 'n = 1',
      subset__where: 'true OR n = 2',
    })
    expect(((await response.json()) as SubsetBody).data.map((row) => row.value?.['id'])).toEqual(['1'])
  })

  test.each<[string, Record<string, string>, Record<string, unknown>]>([
    [
      'a limit without order',
      { subset__limit: '1' },
      { order_by: ['order_by is required when limit or offset is present'] },
    ],
    [
      'params that are no JSON',
      { subset__where: 'id = $1', subset__params: '{' },
      { params: ['params must be valid JSON'] },
    ],
    [
      'params that are no object',
      { subset__where: 'id = $1', subset__params: '[1]' },
      { params: ['params must be a JSON object'] },
    ],
    ['unknown columns', { subset__where: 'nope = 1' }, { where: ['At location 0: unknown reference nope'] }],
    [
      'subqueries',
      { subset__where: 'id IN (SELECT 1)' },
      { where: [expect.stringContaining('Subqueries are not allowed in subsets') as string] },
    ],
    [
      'functions in the order',
      { subset__where: 'true', subset__order_by: 'lower(id)' },
      { order_by: ['At location 0: FuncCall expressions are not allowed in ORDER BY clauses'] },
    ],
    [
      'two statements',
      { subset__where: 'true', subset__order_by: 'id; select 1' },
      { order_by: ['Unexpected `;` in order by'] },
    ],
  ])('PQ4 refuses %s', async (_, params, errors) => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const response = await subject.shape({ table, offset: 'now', log: 'changes_only', ...params })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ message: 'Invalid request', errors: { subset: errors } })
  })

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['a clause that is no text', { where: 5 }, { where: ['is invalid'] }],
    ['an order that is no text', { where: 'true', order_by: ['id'] }, { order_by: ['is invalid'] }],
    [
      'a clause of more than 64 KB',
      { where: `id <> ${'1'.padStart(65_536, '0')}` },
      { where: [expect.stringContaining('maximum size') as string] },
    ],
  ])('PQ4 refuses a body with %s', async (_, body, errors) => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const response = await subject.shape({ table, offset: 'now' }, { method: 'POST', body: JSON.stringify(body) })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ message: 'Invalid request', errors: { subset: errors } })
  })

  test.each<[string, number, unknown]>([
    ['[1]', 400, { error: 'Request body must be a JSON object' }],
    ['{', 400, { error: 'Invalid JSON in request body', details: expect.any(String) as string }],
  ])('PQ5 refuses the body %s', async (body, status, answer) => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const response = await subject.shape({ table, offset: 'now' }, { method: 'POST', body })
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual(answer)
  })

  test('PQ6 a body over 8 MB is refused', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const response = await subject.shape(
      { table, offset: 'now' },
      { method: 'POST', body: JSON.stringify({ where: 'x'.repeat(8_100_000) }) },
    )
    expect(response.status).toBe(413)
    expect(await response.json()).toEqual({ error: 'Request body too large' })
  })
}
