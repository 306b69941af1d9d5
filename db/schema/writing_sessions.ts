import { pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { edited, ownUserId, scopeIndexes } from './columns'
import { songs } from './songs'
import { users } from './users'

export const writingSessions = pgTable(
  'writing_sessions',
  {
    ...edited(),
    user_id: ownUserId().references(() => users.id),
    name: text().notNull(),
    body: text(),
    song_id: uuid().references(() => songs.id),
  },
  (t) => [...scopeIndexes('writing_sessions', t.user_id, t)],
)
