import { integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { edited, ownUserId, scopeIndexes } from './columns'
import { songs } from './songs'
import { users } from './users'

export const songNotes = pgTable(
  'song_notes',
  {
    ...edited(),
    user_id: ownUserId().references(() => users.id),
    song_id: uuid()
      .notNull()
      .references(() => songs.id),
    transpose: integer(),
    capo: integer(),
    text: text(),
  },
  (t) => [...scopeIndexes('song_notes', t.user_id, t)],
)
