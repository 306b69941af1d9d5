import type pg from 'pg'
import { parsePgSnapshot, SEPARATOR, snapshotEndMessage } from '../encoding/message'
import { RowEncoder } from '../encoding/row-encoder'
import { copyOut } from '../postgres/copy-out'
import { quoteRelation } from '../postgres/identifiers'
import { ensureWalFlushed } from '../postgres/wal-flush'
import type { ShapeDefinition } from './definition'
import { readMemberSets } from './dependencies'
import { parsePgLsn } from './lsn'
import type { Shape } from './shape'
import { SnapshotWriter } from './snapshot-writer'

/**
 * Reads the shape's rows as of one point in time, to the last. `onBegin` is called with the first row: until then the query may still be
 * refused, and readers can be told why.
 */
export async function takeSnapshot(pool: pg.Pool, shape: Shape, onBegin: () => void): Promise<void> {
  const client = await pool.connect()
  let failure: Error | undefined
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const found = await client.query<{ snapshot: string; lsn: string }>(
      'SELECT pg_current_snapshot()::text AS snapshot, pg_current_wal_insert_lsn()::text AS lsn',
    )
    const row = found.rows[0]
    if (!row) throw new Error('Postgres told no snapshot')
    const snapshot = parsePgSnapshot(row.snapshot)
    const encoder = new RowEncoder(shape.definition, '', SEPARATOR)
    const writer = new SnapshotWriter(shape.snapshot, encoder)
    await readMemberSets(client, shape.definition.where)
    if (shape.definition.log === 'full') {
      await client.query('SET LOCAL statement_timeout = 0')
      shape.begin(snapshot, parsePgLsn(row.lsn))
      let isFirst = true
      await copyOut(client, copyStatement(shape.definition, encoder), (bytes, from, to) => {
        writer.row(bytes, from, to)
        if (isFirst) onBegin()
        isFirst = false
        return null
      })
    } else {
      shape.begin(snapshot, parsePgLsn(row.lsn))
      // Nothing is read, but who may not read the table may not follow it either.
      await client.query(`SELECT FROM ${quoteRelation(shape.definition.table)} LIMIT 0`)
    }
    await client.query('COMMIT')
    await ensureWalFlushed(client, parsePgLsn(row.lsn))
    writer.end(SEPARATOR + snapshotEndMessage(snapshot))
    onBegin()
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
    throw failure
  } finally {
    // A connection that failed inside COPY is in no known state.
    client.release(failure)
  }
}

/** The COPY that reads a definition's rows for an encoder; `rest` follows the conditions. */
export function copyStatement(
  definition: ShapeDefinition,
  encoder: RowEncoder,
  more: string | null = null,
  rest = '',
): string {
  const conditions = [definition.where?.sql ?? null, more].filter((sql) => sql !== null)
  // Each in parentheses and on lines of its own: none can reach into the other, not even with a comment.
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map((sql) => `(\n${sql}\n)`).join(' AND ')}`
  return `COPY (SELECT ${encoder.columns} FROM ${quoteRelation(definition.table)}${where}${rest}) TO STDOUT`
}
