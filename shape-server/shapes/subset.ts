import { randomInt } from 'node:crypto'
import type pg from 'pg'
import { parsePgSnapshot } from '../encoding/message'
import { RowEncoder } from '../encoding/row-encoder'
import { copyOut } from '../postgres/copy-out'
import type { ShapeDefinition } from './definition'
import { parsePgLsn } from './lsn'
import { copyStatement } from './snapshot'

export interface SubsetQuery {
  /** SQL of the condition, checked and with params in place. */
  where: string | null
  orderBy: string | null
  limit: number | null
  offset: number | null
}

/** Takes pieces of the body; a promise means that no more should be read before it resolves. */
export interface SubsetSink {
  begin(): void
  write(piece: Buffer): Promise<void> | null
}

/** Reads some rows of a shape at one point in time, and writes the response's body piece by piece. */
export async function readSubset(
  pool: pg.Pool,
  definition: ShapeDefinition,
  query: SubsetQuery,
  sink: SubsetSink,
): Promise<void> {
  const client = await pool.connect()
  let failure: Error | undefined
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const found = await client.query<{ snapshot: string; lsn: string }>(
      'SELECT pg_current_snapshot()::text AS snapshot, pg_current_wal_lsn()::text AS lsn',
    )
    const point = found.rows[0]
    if (!point) throw new Error('Postgres told no snapshot')
    const mark = randomInt(2 ** 31)
    const { xmin, xmax, xip } = parsePgSnapshot(point.snapshot)
    const metadata = {
      xmin: xmin.toString(),
      xmax: xmax.toString(),
      xip_list: xip.map(String),
      snapshot_mark: mark,
      database_lsn: parsePgLsn(point.lsn).toString(),
    }
    const head = `{"metadata":${JSON.stringify(metadata)},"data":[`
    let isFirst = true
    // Nothing is sent before the first row is there: until then Postgres may still refuse the query.
    const encoder = new RowEncoder(definition, `,"snapshot_mark":${String(mark)}`)
    await copyOut(client, statement(definition, query, encoder), (bytes, from, to) => {
      const item = Buffer.allocUnsafe(encoder.sizeMax(to - from))
      const itemEnd = encoder.encode(bytes, from, to, item, 0)
      const piece = Buffer.concat([Buffer.from(isFirst ? head : ','), item.subarray(0, itemEnd)])
      if (isFirst) sink.begin()
      isFirst = false
      return sink.write(piece)
    })
    if (isFirst) sink.begin()
    await sink.write(Buffer.from(isFirst ? `${head}]}` : ']}'))
    await client.query('COMMIT')
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
    throw failure
  } finally {
    client.release(failure)
  }
}

function statement(definition: ShapeDefinition, query: SubsetQuery, encoder: RowEncoder): string {
  const orderBy = query.orderBy === null ? '' : ` ORDER BY ${query.orderBy}\n`
  const limit = query.limit === null ? '' : ` LIMIT ${String(query.limit)}`
  const offset = query.offset === null ? '' : ` OFFSET ${String(query.offset)}`
  return copyStatement(definition, encoder, query.where, `${orderBy}${limit}${offset}`)
}
