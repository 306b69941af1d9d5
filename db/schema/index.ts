import { attendance } from './attendance'
import { bandMembers } from './band_members'
import { bands } from './bands'
import { changes } from './changes'
import { conflicts } from './conflicts'
import { conversations } from './conversations'
import { invites } from './invites'
import { messages } from './messages'
import { practices } from './practices'
import { presence } from './presence'
import { projectUsers } from './project_users'
import { projects } from './projects'
import { readMarks } from './read_marks'
import { setlists } from './setlists'
import { shows } from './shows'
import { songNotes } from './song_notes'
import { songs } from './songs'
import { writingSessions } from './writing_sessions'

export * from './attendance'
export * from './band_members'
export * from './bands'
export * from './changes'
export * from './columns'
export * from './conflicts'
export * from './conversations'
export * from './invites'
export * from './messages'
export * from './practices'
export * from './presence'
export * from './project_users'
export * from './projects'
export * from './read_marks'
export * from './setlists'
export * from './shows'
export * from './song_notes'
export * from './songs'
export * from './users'
export * from './writing_sessions'

/** Every synced table by the name of its entity. */
export const syncedTables = {
  bands,
  band_members: bandMembers,
  invites,
  songs,
  song_notes: songNotes,
  setlists,
  shows,
  practices,
  attendance,
  projects,
  project_users: projectUsers,
  conversations,
  messages,
  writing_sessions: writingSessions,
  read_marks: readMarks,
  changes,
  conflicts,
  presence,
} as const
