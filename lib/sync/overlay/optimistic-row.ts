import 'client-only'
import type { Actor, AnyEntity } from '@/lib/entity/define'
import type { Json, JsonRow } from '@/lib/protocol/json'

/** Who writes on this device. */
export interface Author {
  actor: Actor
  clientId: string | null
}

/**
 * The row an insert will make, as far as this device can know: what was written, and for the rest what the database
 * gives. The server's row replaces it.
 */
export function optimisticRow(entity: AnyEntity, key: string, values: JsonRow, at: string, author: Author): JsonRow {
  const me = author.actor.user_id
  const row: JsonRow = { id: key }
  if (entity.serverColumns !== 'ephemeral') Object.assign(row, { created_at: at, deleted_at: null })
  if (entity.serverColumns === 'edited') {
    Object.assign(row, {
      version: 1,
      created_by: me,
      updated_at: at,
      updated_by: me,
      updated_by_client: author.clientId,
    })
  }
  for (const [name, field] of Object.entries(entity.fields)) {
    row[name] = values[name] ?? emptyValue(field.schema, name === 'user_id' ? me : null, at)
  }
  return row
}

/** Any part of a zod schema that tells the values of an enum. */
interface Enumerable {
  _zod: { values?: ReadonlySet<unknown> }
}

/** The value a column has when nobody named one: null where it may be, else the emptiest value it can hold. */
function emptyValue(schema: AnyEntity['fields'][string]['schema'], person: string | null, at: string): Json {
  const [firstOption] = (schema as unknown as Enumerable)._zod.values ?? []
  const candidates: unknown[] = [person, null, [], firstOption, 0, '', 1, false, at]
  for (const candidate of candidates) {
    if (candidate === undefined || (candidate === null && person !== null)) continue
    const read = schema.safeParse(candidate)
    if (read.success) return read.data as Json
  }
  return null
}
