import type pg from 'pg'
import type { RelationName } from './identifiers'
import type { Table, TableColumn } from './table'

type Queryable = Pick<pg.ClientBase, 'query'> | Pick<pg.Pool, 'query'>

const TABLE_SQL = `
SELECT c.oid::int8::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
  CASE WHEN c.relispartition
    THEN (SELECT json_agg(a.relid::oid::int8) FROM pg_partition_ancestors(c.oid) AS a(relid) WHERE a.relid <> c.oid)
  END AS ancestors,
  (SELECT json_agg(json_build_object(
     'name', a.attname, 'typeOid', a.atttypid::int8, 'typeModifier', a.atttypmod, 'typeName', t.typname,
     'dimensions', a.attndims, 'elementType', CASE WHEN t.typcategory = 'A' THEN e.typname END,
     'typeKind', COALESCE(e.typtype, t.typtype), 'isPadded', base.is_padded,
     'isNotNull', a.attnotnull, 'generated', CASE a.attgenerated WHEN '' THEN 'no' WHEN 's' THEN 'stored' ELSE 'virtual' END,
     'pkIndex', array_position(pk.key, a.attnum)) ORDER BY a.attnum)
   FROM pg_attribute a
   JOIN pg_type t ON t.oid = a.atttypid
   LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
   CROSS JOIN LATERAL (
     WITH RECURSIVE up(oid, base) AS (
       SELECT t.oid, t.typbasetype UNION ALL SELECT p.oid, p.typbasetype FROM up JOIN pg_type p ON p.oid = up.base)
     SELECT bool_or(up.oid = 'bpchar'::regtype) AS is_padded FROM up) base
   LEFT JOIN LATERAL (
     SELECT (string_to_array(i.indkey::text, ' ')::int2[])[1:i.indnkeyatts] AS key FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) pk ON true
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND `

interface TableRow {
  oid: string
  schema: string
  name: string
  kind: string
  ancestors: number[] | null
  columns: (Omit<TableColumn, 'pkIndex'> & { pkIndex: number | null })[] | null
}

/** Reads a table's definition from the catalog; null when there is no such ordinary or partitioned table. */
export async function inspectTable(db: Queryable, relation: RelationName): Promise<Table | null> {
  const found = await db.query<TableRow>(`${TABLE_SQL} n.nspname = $1 AND c.relname = $2`, [
    relation.schema,
    relation.name,
  ])
  return found.rows[0] ? toTable(found.rows[0]) : null
}

/** The same by oid. */
export async function inspectTableByOid(db: Queryable, oid: number): Promise<Table | null> {
  const found = await db.query<TableRow>(`${TABLE_SQL} c.oid = $1::oid`, [oid])
  return found.rows[0] ? toTable(found.rows[0]) : null
}

function toTable(row: TableRow): Table {
  // array_position counts from 1.
  const columns = (row.columns ?? []).map((column) => ({
    ...column,
    pkIndex: column.pkIndex === null ? null : column.pkIndex - 1,
  }))
  const pk: number[] = []
  columns.forEach((column, i) => {
    if (column.pkIndex !== null) pk[column.pkIndex] = i
  })
  return {
    oid: Number(row.oid),
    schema: row.schema,
    name: row.name,
    kind: row.kind === 'p' ? 'partitioned' : 'ordinary',
    columns,
    pk,
    ancestors: row.ancestors ?? [],
  }
}
