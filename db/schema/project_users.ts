import { pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { edited, isLive, oneOf, scopeIndexes } from './columns'
import { projects } from './projects'
import { users } from './users'

const ROLES = ['owner', 'collaborator'] as const

export const projectUsers = pgTable(
  'project_users',
  {
    ...edited(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id),
    user_id: uuid()
      .notNull()
      .references(() => users.id),
    role: text({ enum: ROLES }).notNull(),
    display_name: text(),
    avatar_url: text(),
  },
  (t) => [
    oneOf('project_users', t.role, ROLES),
    ...scopeIndexes('project_users', t.project_id, t),
    uniqueIndex('project_users_person_key').on(t.user_id, t.project_id).where(isLive),
  ],
)
