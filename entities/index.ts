import type { AnyEntity, InsertOf, PatchOf, RowOf } from '@/lib/entity/define'
import { attendance } from './attendance'
import { band_members } from './band_members'
import { bands } from './bands'
import { changes } from './changes'
import { conflicts } from './conflicts'
import { conversations } from './conversations'
import { invites } from './invites'
import { messages } from './messages'
import { practices } from './practices'
import { presence } from './presence'
import { project_users } from './project_users'
import { projects } from './projects'
import { read_marks } from './read_marks'
import { setlists } from './setlists'
import { shows } from './shows'
import { song_notes } from './song_notes'
import { songs } from './songs'
import { writing_sessions } from './writing_sessions'

/** The registry: every synced entity, one line each. */
export const entities = {
  bands,
  band_members,
  invites,
  songs,
  song_notes,
  setlists,
  shows,
  practices,
  attendance,
  projects,
  project_users,
  conversations,
  messages,
  writing_sessions,
  read_marks,
  changes,
  conflicts,
  presence,
} as const

/** Version of all entities' schemas together; raised with every incompatible change, which then declares an `upgrade`. */
export const SCHEMA_VERSION = 1

export type Entities = typeof entities
export type EntityName = keyof Entities
/** A whole row of an entity. */
export type Row<Name extends EntityName> = RowOf<Entities[Name]>
/** What an insert of an entity takes. */
export type Insert<Name extends EntityName> = InsertOf<Entities[Name]>
/** What an update of an entity takes. */
export type Patch<Name extends EntityName> = PatchOf<Entities[Name]>

// A Map, so that names such as __proto__ find nothing.
const entitiesByName: ReadonlyMap<string, AnyEntity> = new Map(Object.entries(entities))

/** Looks an entity up by a name that came from outside. */
export function entityNamed(name: string): AnyEntity | null {
  return entitiesByName.get(name) ?? null
}

/** Every entity, in registry order. */
export const allEntities: readonly AnyEntity[] = [...entitiesByName.values()]
