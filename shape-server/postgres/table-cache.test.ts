import type pg from 'pg'
import { expect, test } from 'vitest'
import { TableCache } from './table-cache'

const RELATION = { schema: 'public', name: 't' }

test('a look at a table that is answered late does not bring back what a later one has found to be otherwise', async () => {
  const answers: ((oid: string) => void)[] = []
  const query = () =>
    new Promise((resolve) => answers.push((oid) => resolve({ rows: [{ oid, ...RELATION, kind: 'r', columns: [] }] })))
  const changes: (number | undefined)[] = []
  const cache = new TableCache({ query } as unknown as pg.Pool, (_, table) => changes.push(table?.oid))
  const first = cache.refresh(RELATION)
  answers[0]?.('1')
  await first
  const [earlier, later] = [cache.refresh(RELATION), cache.refresh(RELATION)]
  answers[2]?.('2')
  expect((await later)?.oid).toBe(2)
  answers[1]?.('1')
  expect((await earlier)?.oid).toBe(2)
  expect(changes).toEqual([2])
})
