import 'server-only'
import { and, desc, eq, isNotNull, isNull, sql, type SQL } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { getTableColumns } from 'drizzle-orm'
import { database } from '@/db/client'
import { syncedTables } from '@/db/schema'
import { entityNamed } from '@/entities'
import { mayRead } from '@/lib/entity/access'
import type { AnyEntity } from '@/lib/entity/define'
import type { Viewer } from '@/lib/entity/viewer'
import { textIn, type JsonRow } from '@/lib/protocol/json'
import { asViewer } from '../as-viewer'
import { shapeFor } from '../read/shape'
import type { Parsed } from '../read/shape-query'
import { encodeEdge, type HistoryQuery } from './history-query'

/** One page, newest first. `next` leads to the next older one; null at the beginning of time. */
export interface HistoryPage {
  rows: JsonRow[]
  next: string | null
}

/** Reads one page of older or deleted rows, if the viewer may read the shape they belong to. */
export async function readHistory(
  viewer: Viewer,
  entity: AnyEntity,
  query: HistoryQuery,
): Promise<Parsed<HistoryPage>> {
  const filter = scopeFilter(viewer, entity, query)
  if (!filter.ok) return filter
  const columns = columnsOf(entity)
  const { id, created_at } = keyOf(columns)
  const rows = await asViewer(viewer, database(), (tx) =>
    tx
      .select(columns)
      .from(tableOf(entity))
      .where(and(filter.value, liveness(columns, query), inGroup(entity, columns, query), older(created_at, id, query)))
      .orderBy(desc(created_at), desc(id))
      .limit(query.limit + 1),
  )
  const page = (rows as JsonRow[]).slice(0, query.limit)
  const last = rows.length > query.limit ? page.at(-1) : undefined
  return {
    ok: true,
    value: {
      rows: page.map((row) => visible(viewer, entity, row)),
      next: last ? encodeEdge({ created_at: textIn(last, 'created_at'), id: textIn(last, 'id') }) : null,
    },
  }
}

/** Whether this viewer may have a page that was read; for the viewer as they are once it is. */
export function confirmHistory(viewer: Viewer, entity: AnyEntity, query: HistoryQuery): Parsed<unknown> {
  return scopeFilter(viewer, entity, query)
}

/** Which rows are asked for. Containers that went with their owner's membership are in nobody's scope: their owner lists them without one. */
function scopeFilter(viewer: Viewer, entity: AnyEntity, query: HistoryQuery): Parsed<SQL> {
  const columns = columnsOf(entity)
  if (entity.cascade && query.deleted && query.scope === null) {
    return { ok: true, value: sql`${columnNamed(columns, 'id')} = any(${deletedContainers(entity)})` }
  }
  const shape = shapeFor(viewer, entity, query.scope)
  if (!shape.ok) return shape
  const { column, value } = shape.value.scope
  return { ok: true, value: eq(columnNamed(columns, column), value) }
}

function deletedContainers(entity: AnyEntity): SQL {
  return entity.scope.kind === 'project' ? sql`app.my_deleted_projects()` : sql`app.my_deleted_bands()`
}

function liveness(columns: Columns, { deleted }: HistoryQuery): SQL {
  const column = columnNamed(columns, 'deleted_at')
  return deleted ? isNotNull(column) : isNull(column)
}

function inGroup(entity: AnyEntity, columns: Columns, { group }: HistoryQuery): SQL | undefined {
  return group === null || !entity.history ? undefined : eq(columnNamed(columns, entity.history.group), group)
}

function older(created_at: PgColumn, id: PgColumn, { before }: HistoryQuery): SQL | undefined {
  return before ? sql`(${created_at}, ${id}) < (${before.created_at}::timestamptz, ${before.id}::uuid)` : undefined
}

/**
 * What of a row the viewer sees. Hidden columns tell the contents of another entity's row, so they need that entity's own
 * read access: a scope's members do not read everything in it.
 */
function visible(viewer: Viewer, entity: AnyEntity, row: JsonRow): JsonRow {
  if (entity.hidden.length === 0) return row
  const subject = entityNamed(textIn(row, 'entity'))
  if (subject && mayRead(subject, textIn(row, entity.scope.column), viewer)) return row
  return Object.fromEntries(Object.entries(row).filter(([column]) => !entity.hidden.includes(column)))
}

type Columns = Record<string, PgColumn>

function tableOf(entity: AnyEntity): PgTable {
  const tables: Readonly<Record<string, PgTable>> = syncedTables
  const table = Object.hasOwn(tables, entity.name) ? tables[entity.name] : undefined
  if (!table) throw new Error(`${entity.name} has no table`)
  return table
}

/** The declared columns and the hidden ones, by name. */
function columnsOf(entity: AnyEntity): Columns {
  const all: Columns = getTableColumns(tableOf(entity))
  return Object.fromEntries([...entity.columns, ...entity.hidden].map((name) => [name, columnNamed(all, name)]))
}

function keyOf(columns: Columns): { id: PgColumn; created_at: PgColumn } {
  return { id: columnNamed(columns, 'id'), created_at: columnNamed(columns, 'created_at') }
}

function columnNamed(columns: Columns, name: string): PgColumn {
  const column = columns[name]
  if (!column) throw new Error(`no column ${name}`)
  return column
}
