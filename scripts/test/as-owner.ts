import pg from 'pg'
import type { TestDatabase } from './database'

/** Runs one statement as the database's owner, past row-level security: to prepare and to look, never to stand for a door. */
export async function asOwner<T extends pg.QueryResultRow>(
  db: Pick<TestDatabase, 'ownerUrl'>,
  statement: string,
  values: unknown[] = [],
): Promise<T[]> {
  const client = new pg.Client(db.ownerUrl)
  await client.connect()
  try {
    return (await client.query<T>(statement, values)).rows
  } finally {
    await client.end()
  }
}
