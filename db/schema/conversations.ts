import { pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { bands } from './bands'
import { edited, oneOf, scopeIndexes } from './columns'

const KINDS = ['general', 'song', 'show', 'setlist', 'practice'] as const

export const conversations = pgTable(
  'conversations',
  {
    ...edited(),
    band_id: uuid()
      .notNull()
      .references(() => bands.id),
    title: text().notNull(),
    kind: text({ enum: KINDS }).notNull().default('general'),
    /** The song, show, setlist or practice that `kind` says. */
    subject_id: uuid(),
  },
  (t) => [oneOf('conversations', t.kind, KINDS), ...scopeIndexes('conversations', t.band_id, t)],
)
