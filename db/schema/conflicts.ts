import { sql } from 'drizzle-orm'
import { jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { edited, oneOf, scopeIndexes, timestamptz3 } from './columns'

const DECISIONS = ['current', 'offered', 'edited'] as const

/** A question to people: two values for one field of one row, of which the database cannot choose. */
export const conflicts = pgTable(
  'conflicts',
  {
    ...edited(),
    scope_id: uuid().notNull(),
    entity: text().notNull(),
    entity_id: uuid().notNull(),
    field: text().notNull(),
    base: jsonb().$type<unknown>(),
    current_value: jsonb().$type<unknown>(),
    current_by: uuid(),
    offered_value: jsonb().$type<unknown>(),
    offered_by: uuid(),
    write_id: uuid(),
    decision: text({ enum: DECISIONS }),
    decided_value: jsonb().$type<unknown>(),
    decided_by: uuid(),
    decided_at: timestamptz3(),
  },
  (t) => [
    oneOf('conflicts', t.decision, DECISIONS),
    ...scopeIndexes('conflicts', t.scope_id, t),
    // One open question per row, field and author.
    uniqueIndex('conflicts_open_key')
      .on(t.entity_id, t.field, t.offered_by)
      .where(sql`${t.decision} is null and ${t.deleted_at} is null`),
  ],
)
