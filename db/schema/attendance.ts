import { pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bands } from './bands'
import { edited, isLive, oneOf, ownUserId, scopeIndexes } from './columns'
import { users } from './users'

const ANSWERS = ['yes', 'no', 'maybe'] as const
const SUBJECTS = ['practices', 'shows'] as const

export const attendance = pgTable(
  'attendance',
  {
    ...edited(),
    band_id: uuid()
      .notNull()
      .references(() => bands.id),
    subject_entity: text({ enum: SUBJECTS }).notNull(),
    subject_id: uuid().notNull(),
    user_id: ownUserId().references(() => users.id),
    answer: text({ enum: ANSWERS }).notNull(),
    note: text(),
  },
  (t) => [
    oneOf('attendance', t.subject_entity, SUBJECTS),
    oneOf('attendance', t.answer, ANSWERS),
    ...scopeIndexes('attendance', t.band_id, t),
    uniqueIndex('attendance_person_key').on(t.subject_id, t.user_id).where(isLive),
  ],
)
