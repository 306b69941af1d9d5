import type pg from 'pg'
import { keyPrefix, parsePgSnapshot, SEPARATOR, snapshotEndMessage } from '../encoding/message'
import { copyOut } from '../postgres/copy-out'
import { quoteIdentifier, quoteLiteral, quoteRelation } from '../postgres/identifiers'
import { keyColumns } from '../postgres/table'
import type { TableColumn } from '../postgres/table'
import type { ShapeDefinition } from './definition'
import { parsePgLsn } from './lsn'
import type { Shape } from './shape'
import { SnapshotWriter } from './snapshot-writer'

/** Types whose text holds nothing that JSON would escape. */
const PLAIN_TYPES = new Set([
  'bool',
  'int2',
  'int4',
  'int8',
  'float4',
  'float8',
  'numeric',
  'uuid',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'interval',
  'oid',
])

/** Reads the shape's rows as of one point in time. `onBegin` is called when that point is fixed. */
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
    const writer = new SnapshotWriter(shape.snapshot)
    if (shape.definition.log === 'full') {
      await client.query('SET LOCAL statement_timeout = 0')
      shape.begin(snapshot, parsePgLsn(row.lsn))
      onBegin()
      await copyOut(client, snapshotStatement(shape.definition), (bytes) => {
        writer.row(bytes)
        return null
      })
    } else {
      shape.begin(snapshot, parsePgLsn(row.lsn))
      onBegin()
    }
    await client.query('COMMIT')
    writer.end(SEPARATOR + snapshotEndMessage(snapshot))
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
    throw failure
  } finally {
    // A connection that failed inside COPY is in no known state.
    client.release(failure)
  }
}

/** CSV with quote and delimiter bytes that JSON never holds: items come out unescaped, to be stored and sent as they arrive. */
export const COPY_FORMAT = "WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02', ESCAPE E'\\x01')"

/** The COPY that writes a shape's rows as log items. */
export function snapshotStatement(definition: ShapeDefinition): string {
  const condition = definition.where === null ? '' : ` WHERE (\n${definition.where.sql}\n)`
  return `COPY (SELECT ${itemSql(definition, '')} FROM ${quoteRelation(definition.table)}${condition}) TO STDOUT ${COPY_FORMAT}`
}

/** SQL that writes one row as a log item; `extraHeaders` (JSON members, begun with a comma) end its headers. */
export function itemSql(definition: ShapeDefinition, extraHeaders: string): string {
  const { table, selected } = definition
  const key = keyColumns(table)
    .map((i) => table.columns[i])
    .filter((column) => column !== undefined)
  const keyText = `${quoteLiteral(keyPrefix(table))} || ${key.map(keyPartSql).join(' || ')}`
  const isPlainKey = key.every((column) => PLAIN_TYPES.has(column.typeName))
  const keyJson = isPlainKey
    ? [quoteLiteral(`{"key":"${JSON.stringify(keyPrefix(table)).slice(1, -1)}`), ...key.map(plainKeyPartSql), `'"'`]
    : [`'{"key":'`, `to_json(${keyText})::text`]
  const values = selected.map((i, position) => {
    const column = table.columns[i]
    if (!column) throw new Error('a selected column is missing')
    const name = quoteLiteral(`${position === 0 ? '' : ','}${JSON.stringify(column.name)}:`)
    return `${name} || ${valueSql(column)}`
  })
  const headers = `},"headers":{"operation":"insert","relation":${JSON.stringify([table.schema, table.name])}${extraHeaders}}}`
  return [...keyJson, `',"value":{'`, ...values, quoteLiteral(headers)].join(' || ')
}

/** A column's text, as the log writes it but for booleans. */
function textSql(column: TableColumn): string {
  const name = quoteIdentifier(column.name)
  // A cast to text strips the padding of char(n); concat keeps it.
  return column.isPadded ? `concat(${name}, '')` : `${name}::text`
}

function valueSql(column: TableColumn): string {
  const name = quoteIdentifier(column.name)
  const json = PLAIN_TYPES.has(column.typeName)
    ? `'"' || ${textSql(column)} || '"'`
    : `to_json(${textSql(column)})::text`
  return column.isNotNull ? json : `CASE WHEN ${name} IS NULL THEN 'null' ELSE ${json} END`
}

function keyPartSql(column: TableColumn): string {
  const name = quoteIdentifier(column.name)
  // The log writes booleans as t and f; a key must be the same in both.
  const text = column.typeName === 'bool' ? `left(${name}::text, 1)` : textSql(column)
  const part = `'/"' || replace(${text}, '/', '//') || '"'`
  return column.isNotNull ? part : `CASE WHEN ${name} IS NULL THEN '/_' ELSE ${part} END`
}

/** A key part inside JSON, for types that need no escaping. */
function plainKeyPartSql(column: TableColumn): string {
  const name = quoteIdentifier(column.name)
  const text = column.typeName === 'bool' ? `left(${name}::text, 1)` : textSql(column)
  const part = `'/\\"' || ${text} || '\\"'`
  return column.isNotNull ? part : `CASE WHEN ${name} IS NULL THEN '/_' ELSE ${part} END`
}
