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
    const body = new SubsetBody(`{"metadata":${JSON.stringify(metadata)},"data":[`, sink)
    const encoder = new RowEncoder(definition, `,"snapshot_mark":${String(mark)}`, ',')
    await copyOut(client, statement(definition, query, encoder), (bytes, from, to) => {
      const item = Buffer.allocUnsafe(encoder.sizeMax(to - from))
      return body.add(item.subarray(0, encoder.encode(bytes, from, to, item, 0)))
    })
    await body.end()
    await client.query('COMMIT')
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
    throw failure
  } finally {
    client.release(failure)
  }
}

const PIECE_BYTES = 64 * 1024

/** Gathers the items of a body, each with a comma in front, into pieces that a socket takes well. */
class SubsetBody {
  private parts: Buffer[] = []
  private bytes = 0
  private isEmpty = true

  constructor(
    private readonly head: string,
    private readonly sink: SubsetSink,
  ) {}

  add(item: Buffer): Promise<void> | null {
    if (this.isEmpty) this.begin()
    this.parts.push(this.isEmpty ? item.subarray(1) : item)
    this.bytes += item.length
    this.isEmpty = false
    return this.bytes < PIECE_BYTES ? null : this.flush()
  }

  async end(): Promise<void> {
    if (this.isEmpty) this.begin()
    this.parts.push(Buffer.from(']}'))
    await this.flush()
  }

  /** With the first row, not sooner: until then Postgres may still refuse the query. */
  private begin(): void {
    this.sink.begin()
    this.parts.push(Buffer.from(this.head))
  }

  private flush(): Promise<void> | null {
    const piece = Buffer.concat(this.parts)
    this.parts = []
    this.bytes = 0
    return this.sink.write(piece)
  }
}

function statement(definition: ShapeDefinition, query: SubsetQuery, encoder: RowEncoder): string {
  const orderBy = query.orderBy === null ? '' : ` ORDER BY ${query.orderBy}\n`
  const limit = query.limit === null ? '' : ` LIMIT ${String(query.limit)}`
  const offset = query.offset === null ? '' : ` OFFSET ${String(query.offset)}`
  return copyStatement(definition, encoder, query.where, `${orderBy}${limit}${offset}`)
}
