import 'server-only'
import { getTableColumns, is, SQL, type Column } from 'drizzle-orm'
import { syncedTables } from '@/db/schema'
import type { AnyEntity } from '@/lib/entity/define'
import type { Json, JsonRow } from '@/lib/protocol/json'
import { postgresTimeToIso } from '@/lib/protocol/time'

/** What the doors must know of a table besides its entity's declaration. */
interface TableFacts {
  timeColumns: ReadonlySet<string>
  /** What an insert that does not name them leaves in the columns, where that is a plain value. */
  emptyRow: Readonly<JsonRow>
}

const factsByName: ReadonlyMap<string, TableFacts> = new Map(
  Object.entries(syncedTables).map(([name, table]) => {
    const columns = Object.entries(getTableColumns(table)) as [string, Column][]
    return [
      name,
      {
        timeColumns: new Set(columns.filter(([, c]) => c.getSQLType().startsWith('timestamptz')).map(([n]) => n)),
        emptyRow: Object.fromEntries(columns.map(([n, c]) => [n, plainDefault(c)])),
      },
    ]
  }),
)

function plainDefault(column: Column): Json {
  return column.default === undefined || is(column.default, SQL) ? null : (column.default as Json)
}

function factsOf(entity: AnyEntity): TableFacts {
  const facts = factsByName.get(entity.name)
  if (!facts) throw new Error(`${entity.name} has no table`)
  return facts
}

/** A row as an insert of these columns will leave it, as far as that is known before it happens. */
export function rowAfterInsert(entity: AnyEntity, key: string, columns: JsonRow, userId: string): JsonRow {
  return {
    ...factsOf(entity).emptyRow,
    version: 1,
    created_by: userId,
    updated_by: userId,
    ...columns,
    id: key,
    deleted_at: null,
  }
}

/** A row as `to_jsonb` prints it, in the form it travels in: the columns of the entity, times in ISO. */
export function wireRow(entity: AnyEntity, stored: JsonRow): JsonRow {
  const row: JsonRow = {}
  for (const name of entity.columns) row[name] = wireValue(entity, name, stored[name] ?? null)
  return row
}

/** Some columns of a row as `to_jsonb` prints them, in the form they travel in. */
export function wireColumns(entity: AnyEntity, stored: JsonRow, names: readonly string[]): JsonRow {
  return Object.fromEntries(names.map((name) => [name, wireValue(entity, name, stored[name] ?? null)]))
}

function wireValue(entity: AnyEntity, name: string, value: Json): Json {
  return typeof value === 'string' && factsOf(entity).timeColumns.has(name) ? postgresTimeToIso(value) : value
}
