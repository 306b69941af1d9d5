import { sql, type SQL } from 'drizzle-orm'
import { type AnyPgColumn, check, customType, index, integer, unique, uuid } from 'drizzle-orm/pg-core'

/**
 * A point in time with millisecond precision: `timestamptz(3)` in Postgres, `2026-11-20T18:00:00.000Z` in TypeScript,
 * whatever time zone the session prints.
 */
export const timestamptz3 = customType<{ data: string; driverData: string | Date }>({
  dataType: () => 'timestamptz(3)',
  fromDriver: (value) => new Date(value).toISOString(),
})

const appUserId = sql`app.user_id()`

/** A reference to the signed-in person, filled in by the database. */
export const ownUserId = () => uuid().notNull().default(appUserId)

/** The server's columns of a log row: written once, never changed by people. */
export const appended = () => ({
  id: uuid().primaryKey(),
  created_at: timestamptz3()
    .notNull()
    .default(sql`clock_timestamp()`),
  deleted_at: timestamptz3(),
})

/** The server's columns of every entity people edit; `app.stamp()` fills them in, whatever a statement says. */
export const edited = () => ({
  ...appended(),
  version: integer().notNull().default(1),
  created_by: uuid().default(appUserId),
  updated_at: timestamptz3()
    .notNull()
    .default(sql`clock_timestamp()`),
  updated_by: uuid().default(appUserId),
  updated_by_client: uuid(),
})

/** Refuses values outside a fixed set of words. */
export function oneOf(table: string, column: AnyPgColumn, words: readonly string[]) {
  const list = sql.raw(words.map((word) => `'${word}'`).join(', '))
  return check(`${table}_${column.name}_known`, sql`${column} in (${list})`)
}

/** A condition that holds for rows not deleted. */
export const isLive = sql`deleted_at is null`

/**
 * What every table of a scope needs: finding the rows of a scope (and being referred to from rows of the same scope only), and
 * pages of its deleted rows, newest first.
 */
export function scopeIndexes(table: string, scope: AnyPgColumn, row: { id: AnyPgColumn; created_at: AnyPgColumn }) {
  return [unique(`${table}_scope_key`).on(scope, row.id), trashIndex(table, scope, row)] as const
}

/** Pages of the deleted rows of a scope. */
export function trashIndex(table: string, scope: AnyPgColumn, row: { id: AnyPgColumn; created_at: AnyPgColumn }) {
  return index(`${table}_trash_idx`)
    .on(scope, row.created_at, row.id)
    .where(sql`deleted_at is not null`)
}

/** An empty ordered list. */
export const emptyList: SQL = sql`'[]'::jsonb`
