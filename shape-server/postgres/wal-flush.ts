import type pg from 'pg'
import { formatPgLsn } from '../shapes/lsn'

/**
 * Resolves when the WAL before a position has reached Postgres's disk. Until then a crash may take it back and give its places and
 * transaction ids to other transactions: what a snapshot has seen would no longer tell which those are.
 */
export async function ensureWalFlushed(client: pg.ClientBase, lsn: bigint): Promise<void> {
  const found = await client.query<{ flushed: boolean }>('SELECT pg_current_wal_flush_lsn() >= $1::pg_lsn AS flushed', [
    formatPgLsn(lsn),
  ])
  if (found.rows[0]?.flushed === true) return
  // The commit of anything that writes flushes all before it; a logical message needs no table. Together they are one transaction.
  await client.query("SET LOCAL synchronous_commit = local; SELECT pg_logical_emit_message(true, 'electric', '')")
}
