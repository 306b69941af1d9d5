import 'server-only'
import { sql, type SQL } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { kept } from '@/db/kept-statements'
import type { AnyEntity } from '@/lib/entity/define'
import { textIn, type Json, type JsonRow } from '@/lib/protocol/json'

/**
 * The statements of the write door. Each works on many rows at once, which travel as one JSON parameter and are read by Postgres in the
 * columns' own types (jsonb_populate_recordset). All run under row-level security.
 */

type StoredRow = { row: JsonRow }

/** A row that is wanted for change, and the columns that will be compared with it. Of several for one row, one `is_first`. */
export type WantedRow = {
  position: number
  key: string
  is_first: boolean
  patch: JsonRow | null
  base: JsonRow | null
}

/** What was found for a wanted row: `row` for the first, patch and base as Postgres prints them in the columns' own types. */
export type FoundRow = {
  position: number
  row: JsonRow | null
  patch: JsonRow
  base: JsonRow
  /** Whether the viewer had an open question about the row when the statement began. */
  is_asked: boolean
}

/**
 * Reads rows in the order of their ids and keeps them from changing; those the viewer may not change are left out. Values that are equal
 * in the column's type are printed alike.
 */
export async function lockRows(tx: Transaction, entity: AnyEntity, wanted: readonly WantedRow[]): Promise<FoundRow[]> {
  const table = tableOf(entity)
  const { rows } = await tx.execute<FoundRow>(sql`${kept}
    SELECT w.position, CASE WHEN w.is_first THEN to_jsonb(t) END AS row,
      to_jsonb(jsonb_populate_record(NULL::${table}, w.patch)) AS patch,
      to_jsonb(jsonb_populate_record(NULL::${table}, w.base)) AS base,
      w.is_first AND EXISTS (
        SELECT FROM conflicts q
        WHERE q.entity_id = t.id AND q.offered_by = app.user_id() AND q.decision IS NULL AND q.deleted_at IS NULL
      ) AS is_asked
    FROM jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) AS w (position int, key uuid, is_first boolean, patch jsonb, base jsonb)
    JOIN ${table} t ON t.id = w.key AND ${hasId(wanted.map(({ key }) => key))}
    ORDER BY t.id, w.position FOR NO KEY UPDATE OF t
  `)
  return rows
}

/** Reads rows the viewer may see. */
export async function readRows(tx: Transaction, entity: AnyEntity, keys: readonly string[]): Promise<JsonRow[]> {
  const { rows } = await tx.execute<StoredRow>(
    sql`${kept}SELECT to_jsonb(t) AS row FROM ${tableOf(entity)} t WHERE ${hasId(keys)}`,
  )
  return rows.map(({ row }) => row)
}

/** The viewer's open questions about these rows. */
export async function readOpenQuestions(tx: Transaction, keys: readonly string[]): Promise<JsonRow[]> {
  const { rows } = await tx.execute<StoredRow>(sql`${kept}
    SELECT to_jsonb(q) AS row FROM conflicts q
    WHERE q.entity_id = ANY ((SELECT ${uuids(keys)})::uuid[]) AND q.offered_by = app.user_id() AND q.decision IS NULL AND q.deleted_at IS NULL
  `)
  return rows.map(({ row }) => row)
}

/** Which of these rows are in the viewer's scopes, even where their role may not read them. */
export async function readUnreadable(tx: Transaction, entity: AnyEntity, keys: readonly string[]): Promise<string[]> {
  const { rows } = await tx.execute<{ id: string }>(
    sql`${kept}SELECT id FROM app.in_my_scopes(${entity.name}, ${uuids(keys)}) AS id`,
  )
  return rows.map(({ id }) => id)
}

/** Tells in which scope these rows are, of those the viewer may see. */
export async function readScopes(
  tx: Transaction,
  entity: AnyEntity,
  keys: readonly string[],
): Promise<{ id: string; scope: string }[]> {
  const scope = sql.identifier(entity.scope.column)
  const { rows } = await tx.execute<{ id: string; scope: string }>(
    sql`${kept}SELECT t.id, t.${scope} AS scope FROM ${tableOf(entity)} t WHERE ${hasId(keys)}`,
  )
  return rows
}

/** Inserts rows that all name the same columns. Gives them back as stored. */
export async function insertRows(tx: Transaction, entity: AnyEntity, rows: readonly JsonRow[]): Promise<JsonRow[]> {
  const names = sql.join(
    Object.keys(rows[0] ?? {}).map((name) => sql.identifier(name)),
    sql`, `,
  )
  const { rows: stored } = await tx.execute<StoredRow>(
    sql`INSERT INTO ${tableOf(entity)} AS t (${names}) SELECT ${names} FROM ${recordsOf(entity, rows)} RETURNING to_jsonb(t) AS row`,
  )
  return stored.map(({ row }) => row)
}

/** Appends history and the door's memory in one statement. */
export async function appendRecords(
  tx: Transaction,
  changes: readonly JsonRow[],
  outcomes: readonly JsonRow[],
): Promise<void> {
  await tx.execute(sql`${kept}
    WITH logged AS (
      INSERT INTO changes (id, scope_id, entity, entity_id, op, fields, summary, write_id, before, after)
      SELECT id, scope_id, entity, entity_id, op, fields, summary, write_id, before, after
      FROM jsonb_populate_recordset(NULL::changes, ${JSON.stringify(changes)}::jsonb)
    )
    INSERT INTO applied_writes (user_id, id, client_id, content_hash, outcome)
    SELECT user_id, id, client_id, content_hash, outcome
    FROM jsonb_populate_recordset(NULL::applied_writes, ${JSON.stringify(outcomes)}::jsonb)
  `)
}

/** Updates rows by their id, all in the same columns. Gives them back as stored. */
export async function updateRows(
  tx: Transaction,
  entity: AnyEntity,
  columns: readonly string[],
  rows: readonly JsonRow[],
): Promise<JsonRow[]> {
  // One column is how people edit. Of all sets of columns there are too many to keep.
  const set = columns.map((name) => sql`${sql.identifier(name)} = r.${sql.identifier(name)}`)
  const { rows: stored } = await tx.execute<StoredRow>(
    sql`${columns.length === 1 ? kept : sql.empty()}UPDATE ${tableOf(entity)} AS t SET ${sql.join(set, sql`, `)} FROM ${recordsOf(entity, rows)} r
        WHERE t.id = r.id AND ${hasId(rows.map((row) => textIn(row, 'id')))} RETURNING to_jsonb(t) AS row`,
  )
  return stored.map(({ row }) => row)
}

/** Deletes a band or project with all that is in it. */
export async function deleteContainer(tx: Transaction, entity: AnyEntity, key: string): Promise<void> {
  await tx.execute(sql`SELECT app.delete_container(${entity.name}, ${key}::uuid)`)
}

/** Brings a band or project back with all that went with it. */
export async function restoreContainer(tx: Transaction, entity: AnyEntity, key: string): Promise<void> {
  await tx.execute(sql`SELECT app.restore_container(${entity.name}, ${key}::uuid)`)
}

/** The ids of all memberships of these bands or projects. */
export async function membershipsOf(
  tx: Transaction,
  membership: AnyEntity,
  containers: readonly string[],
): Promise<string[]> {
  const scope = sql.identifier(membership.scope.column)
  const { rows } = await tx.execute<{ id: string }>(
    sql`SELECT t.id FROM ${tableOf(membership)} t WHERE t.${scope} = ANY (${uuids(containers)}) AND t.deleted_at IS NULL`,
  )
  return rows.map(({ id }) => id)
}

/** Locks memberships and their containers, before anything else of the transaction. */
export async function lockMemberships(tx: Transaction, membership: AnyEntity, ids: readonly string[]): Promise<void> {
  await tx.execute(sql`SELECT app.lock_memberships(${membership.name}, ${uuids(ids)})`)
}

/**
 * The rows of `t` with these ids. Also said beside a join that says the same: Postgres guesses a hundred rows behind a JSON parameter, and
 * would read a whole table of a few thousand for one. In a subquery, so that the plan does not depend on how many ids there are and is kept.
 */
function hasId(ids: readonly string[]): SQL {
  return sql`t.id = ANY ((SELECT ${uuids(ids)})::uuid[])`
}

/** An array of uuids as one parameter: drizzle would spread it into a list. Ids are uuids, so nothing needs quoting. */
export function uuids(ids: readonly string[]): SQL {
  return sql`${`{${ids.join(',')}}`}::uuid[]`
}

function tableOf(entity: AnyEntity): SQL {
  return sql`public.${sql.identifier(entity.name)}`
}

function recordsOf(entity: AnyEntity, rows: readonly Record<string, Json>[]): SQL {
  return sql`jsonb_populate_recordset(NULL::${tableOf(entity)}, ${JSON.stringify(rows)}::jsonb)`
}
