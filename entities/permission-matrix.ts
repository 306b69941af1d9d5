/*
 * Who may do what, typed by hand from the product's own table and not from the declarations: the laws beside this file and the
 * database's own tests (db/access.pg.test.ts) hold declarations, doors and row-level security to it. A new entity adds its lines here.
 */

/**
 * `owner`, `collaborator` and `viewer` meet a row that another member made and that is about that member. `self` is the viewer (in
 * projects, which have none: the collaborator) with a row of their own: made by them, about them. `former` was an owner and was removed,
 * `outsider` owns a band and a project elsewhere, `nobody` is signed out.
 */
export const ACTORS = ['owner', 'collaborator', 'viewer', 'self', 'former', 'outsider', 'nobody'] as const
export type Actor = (typeof ACTORS)[number]
export type Who = readonly Actor[]

export interface Permissions {
  read: Who
  /** A row about oneself for `self`, about another person for everybody else, where a row is about a person at all. */
  insert: Who
  /** By field; `*` stands for every changeable field that is not named. */
  change: Readonly<Record<string, Who>>
  delete: Who
  restore: Who
  /** A change that makes sense, where any value of any field would not. */
  exampleChange?: Readonly<Record<string, string>>
}

const NOBODY: Who = []
const SIGNED_IN: Who = ['owner', 'collaborator', 'viewer', 'self', 'former', 'outsider']
const MEMBERS: Who = ['owner', 'collaborator', 'viewer', 'self']
const EDITORS: Who = ['owner', 'collaborator']
const OWNER: Who = ['owner']
const SELF: Who = ['self']
const SELF_AND_OWNER: Who = ['self', 'owner']
/** Projects have owners and collaborators; to `viewer` they are somebody else's. */
const PROJECT_USERS: Who = ['owner', 'collaborator', 'self']
/** In projects `self` is a collaborator too. */
const PROJECT_EDITORS: Who = PROJECT_USERS

const shared: Permissions = {
  read: MEMBERS,
  insert: EDITORS,
  change: { '*': EDITORS },
  delete: EDITORS,
  restore: EDITORS,
}

const personal: Permissions = {
  read: SELF,
  insert: SELF,
  change: { '*': SELF },
  delete: SELF,
  restore: SELF,
}

/** Entity by entity. */
export const PERMISSIONS: Readonly<Record<string, Permissions>> = {
  bands: { read: MEMBERS, insert: SIGNED_IN, change: { '*': EDITORS }, delete: OWNER, restore: OWNER },
  band_members: {
    read: MEMBERS,
    // Only by accepting an invite, or with the band.
    insert: NOBODY,
    change: { role: OWNER, display_name: SELF, avatar_url: SELF },
    delete: SELF_AND_OWNER,
    // Who left comes back by invitation.
    restore: OWNER,
  },
  invites: { read: OWNER, insert: OWNER, change: { '*': OWNER }, delete: OWNER, restore: OWNER },
  songs: shared,
  setlists: shared,
  shows: shared,
  practices: shared,
  attendance: {
    read: MEMBERS,
    insert: SELF,
    change: { '*': SELF_AND_OWNER },
    delete: SELF_AND_OWNER,
    restore: SELF_AND_OWNER,
  },
  song_notes: personal,
  writing_sessions: personal,
  read_marks: personal,
  projects: {
    read: PROJECT_USERS,
    insert: SIGNED_IN,
    change: { '*': PROJECT_EDITORS },
    delete: OWNER,
    restore: OWNER,
  },
  project_users: {
    read: PROJECT_USERS,
    insert: OWNER,
    change: { role: OWNER, display_name: SELF, avatar_url: SELF },
    delete: SELF_AND_OWNER,
    restore: OWNER,
  },
  conversations: {
    read: MEMBERS,
    insert: MEMBERS,
    change: { '*': SELF_AND_OWNER },
    delete: SELF_AND_OWNER,
    restore: SELF_AND_OWNER,
  },
  messages: {
    read: MEMBERS,
    insert: MEMBERS,
    change: { '*': SELF },
    delete: SELF_AND_OWNER,
    restore: SELF_AND_OWNER,
  },
  changes: { read: MEMBERS, insert: NOBODY, change: {}, delete: NOBODY, restore: NOBODY },
  conflicts: {
    read: MEMBERS,
    insert: NOBODY,
    // Who may change the row that the question is about: here a song.
    change: { '*': EDITORS },
    delete: NOBODY,
    restore: NOBODY,
    exampleChange: { decision: 'current' },
  },
  // Through its own door; rows silent for 45 s any member removes (db/access.pg.test.ts).
  presence: { read: MEMBERS, insert: SELF, change: { '*': SELF }, delete: SELF, restore: NOBODY },
}

/** Who may change a field. */
export function whoMayChange(permissions: Permissions, field: string): Who {
  return permissions.change[field] ?? permissions.change['*'] ?? []
}
