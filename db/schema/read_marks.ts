import { pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { edited, isLive, ownUserId, scopeIndexes } from './columns'
import { users } from './users'

/** How far a person has read a row. `version` is the version that was read: here, and only here, the triggers do not count it. */
export const readMarks = pgTable(
  'read_marks',
  {
    ...edited(),
    user_id: ownUserId().references(() => users.id),
    entity: text().notNull(),
    entity_id: uuid().notNull(),
    last_read: text(),
  },
  (t) => [
    ...scopeIndexes('read_marks', t.user_id, t),
    uniqueIndex('read_marks_row_key').on(t.user_id, t.entity, t.entity_id).where(isLive),
  ],
)
