import { inject } from 'vitest'
import { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './database'

/**
 * A fresh database on the cluster that this test run started, for `.pg.test.ts` and `e2e` files:
 * `await using db = await testDatabase({ seeded: true })`.
 */
export async function testDatabase(options?: TestDatabaseOptions): Promise<TestDatabase> {
  return createTestDatabase(inject('postgresUrl'), options)
}
