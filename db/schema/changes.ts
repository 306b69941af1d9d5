import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { appended, oneOf, scopeIndexes } from './columns'

const OPS = ['insert', 'update', 'delete', 'restore'] as const

/** One row per applied write. `before` and `after` never leave through a shape, only through the history door. */
export const changes = pgTable(
  'changes',
  {
    ...appended(),
    /** The band, project or person whose row changed. */
    scope_id: uuid().notNull(),
    entity: text().notNull(),
    entity_id: uuid().notNull(),
    op: text({ enum: OPS }).notNull(),
    fields: text().array().notNull().default([]),
    summary: text().notNull().default(''),
    actor_id: uuid(),
    client_id: uuid(),
    write_id: uuid(),
    before: jsonb().$type<Record<string, unknown>>(),
    after: jsonb().$type<Record<string, unknown>>(),
  },
  (t) => [
    oneOf('changes', t.op, OPS),
    ...scopeIndexes('changes', t.scope_id, t),
    // Pages of a scope and of one row, newest first.
    index('changes_history_idx').on(t.scope_id, t.created_at, t.id),
    index('changes_row_history_idx').on(t.scope_id, t.entity_id, t.created_at, t.id),
  ],
)
