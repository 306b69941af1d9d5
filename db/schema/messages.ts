import { foreignKey, index, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { bands } from './bands'
import { edited, oneOf, scopeIndexes, timestamptz3 } from './columns'
import { conversations } from './conversations'

const ROLES = ['user', 'system'] as const

export const messages = pgTable(
  'messages',
  {
    ...edited(),
    band_id: uuid()
      .notNull()
      .references(() => bands.id),
    conversation_id: uuid().notNull(),
    body: text().notNull(),
    reply_to: uuid(),
    edited_at: timestamptz3(),
    role: text({ enum: ROLES }).notNull().default('user'),
  },
  (t) => [
    oneOf('messages', t.role, ROLES),
    ...scopeIndexes('messages', t.band_id, t),
    // Pages of a conversation, newest first.
    index('messages_history_idx').on(t.band_id, t.conversation_id, t.created_at, t.id),
    foreignKey({
      name: 'messages_conversation_fk',
      columns: [t.band_id, t.conversation_id],
      foreignColumns: [conversations.band_id, conversations.id],
    }),
    foreignKey({
      name: 'messages_reply_to_fk',
      columns: [t.band_id, t.reply_to],
      foreignColumns: [t.band_id, t.id],
    }),
  ],
)
