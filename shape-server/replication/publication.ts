import type pg from 'pg'
import { quoteIdentifier, quoteRelation } from '../postgres/identifiers'
import type { Table } from '../postgres/table'

/** Why a table cannot be followed; the message is for the client. */
export class PublicationError extends Error {}

type Queryable = Pick<pg.Pool, 'query'>

/** Makes sure that the changes of a table are published whole. Throws PublicationError when that cannot be. */
export async function ensurePublished(
  pool: pg.Pool,
  publication: string,
  table: Table,
  isManual: boolean,
): Promise<void> {
  const state = await readState(pool, publication, table.oid)
  if (state.isPublished && state.isFull) return
  const name = JSON.stringify(quoteRelation(table))
  if (isManual) {
    if (!state.isPublished) {
      throw new PublicationError(
        `Database table ${name} is missing from the publication ${JSON.stringify(publication)} and the ELECTRIC_MANUAL_TABLE_PUBLISHING setting prevents Electric from adding it`,
      )
    }
    throw new PublicationError(`Database table ${name} does not have its replica identity set to FULL`)
  }
  try {
    await publish(pool, publication, table, state.isPublished)
  } catch (error) {
    if (isCode(error, '42501')) {
      const what = state.isPublished
        ? 'does not have its replica identity set to FULL'
        : `is missing from the publication ${JSON.stringify(publication)}`
      throw new PublicationError(
        `Database table ${name} ${what} and Electric lacks privileges to ${state.isPublished ? 'set it' : 'add it'}`,
      )
    }
    // Somebody else added it meanwhile, or writers that hold several tables got into a deadlock with this.
    if (isCode(error, '42710') || isCode(error, '40P01')) return ensurePublished(pool, publication, table, isManual)
    if (isCode(error, '55P03')) throw new PublicationError('Snapshot timed out while waiting for a table lock')
    throw error
  }
}

async function readState(
  db: Queryable,
  publication: string,
  oid: number,
): Promise<{ isPublished: boolean; isFull: boolean }> {
  // pg_publication_tables would open every published table, and fail when one is being dropped.
  const found = await db.query<{ published: boolean; full: boolean; schemas: boolean }>(
    `SELECT (p.puballtables OR EXISTS (SELECT 1 FROM pg_publication_rel r WHERE r.prpubid = p.oid
         AND r.prrelid IN (SELECT relid FROM pg_partition_ancestors($2::oid) AS a(relid) UNION SELECT $2::oid))) AS published,
       (SELECT bool_and(c.relreplident = 'f') FROM pg_class c
        WHERE c.oid = $2::oid OR c.oid IN (SELECT relid FROM pg_partition_tree($2::oid))) AS full,
       to_regclass('pg_catalog.pg_publication_namespace') IS NOT NULL AS schemas
     FROM pg_publication p WHERE p.pubname = $1`,
    [publication, oid],
  )
  const row = found.rows[0]
  const isPublished =
    row?.published === true || (row?.schemas === true && (await isSchemaPublished(db, publication, oid)))
  return { isPublished, isFull: row?.full === true }
}

/** `FOR TABLES IN SCHEMA`, which Postgres has since version 15. */
async function isSchemaPublished(db: Queryable, publication: string, oid: number): Promise<boolean> {
  const found = await db.query(
    `SELECT 1 FROM pg_publication_namespace n JOIN pg_publication p ON p.oid = n.pnpubid JOIN pg_class c ON c.relnamespace = n.pnnspid
     WHERE p.pubname = $1 AND c.oid = $2::oid`,
    [publication, oid],
  )
  return found.rows.length > 0
}

/**
 * Both in one transaction. ALTER TABLE waits for every writer of the table and keeps new ones out until the commit: without that, the
 * changes of a writer that began before the table was published would be missing from the log and from the snapshot.
 */
async function publish(pool: pg.Pool, publication: string, table: Table, isPublished: boolean): Promise<void> {
  const client = await pool.connect()
  let failure: Error | undefined
  try {
    await client.query("BEGIN; SET LOCAL lock_timeout = '5s'")
    if (!isPublished) {
      await client.query(`ALTER PUBLICATION ${quoteIdentifier(publication)} ADD TABLE ${quoteRelation(table)}`)
    }
    const partitions = await client.query<{ relation: string }>(
      `SELECT relid::regclass::text AS relation FROM pg_partition_tree($1::oid) WHERE relid <> $1::oid`,
      [table.oid],
    )
    for (const relation of [quoteRelation(table), ...partitions.rows.map((row) => row.relation)]) {
      await client.query(`ALTER TABLE ${relation} REPLICA IDENTITY FULL`)
    }
    await client.query('COMMIT')
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
    throw failure
  } finally {
    client.release(failure)
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
