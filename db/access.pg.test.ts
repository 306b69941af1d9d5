import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../scripts/test/postgres'
import type { TestDatabase } from '../scripts/test/database'
import { ACTORS, type Actor, PERMISSIONS, type Permissions, whoMayChange } from '../entities/permission-matrix'
import { buildHouse, HOUSE, id, openTrial, type Trial } from './test/house'

/*
 * The hand-typed permission matrix (entities/permission-matrix.ts, which also says who the actors are) against the database alone: no door,
 * only row-level security and row triggers.
 */

const { band, project, users, members, projectUsers, rows } = HOUSE
const MEMBERS: readonly Actor[] = ['owner', 'collaborator', 'viewer', 'self']

/** One line of the matrix: the statement an actor tries on row `key`, and who succeeds. */
interface Line {
  allowed: readonly Actor[]
  /** `me` is the actor's user id, `key` the row they try it on, `named` the person a new row is about. */
  sql: (trial: { me: string; key: string; named: string }) => string
  /** Run before, free of all rules. */
  before?: (key: string) => string
}

interface Entity {
  theirs: string
  own?: string
  lines: Record<string, Line>
}

const permissionsOf = (table: string): Permissions => {
  const permissions = PERMISSIONS[table]
  if (!permissions) throw new Error(`${table} has no lines in the permission matrix`)
  return permissions
}
const read = (table: string): Line => ({
  allowed: permissionsOf(table).read,
  sql: ({ key }) => `SELECT * FROM ${table} WHERE id = '${key}'`,
})
const update = (table: string, set: string, allowed: readonly Actor[]): Line => ({
  allowed,
  sql: ({ key }) => `UPDATE ${table} SET ${set} WHERE id = '${key}'`,
})
/** Changes fields that the matrix gives to the same people; the first one is looked up. */
const change = (table: string, set: string): Line =>
  update(table, set, whoMayChange(permissionsOf(table), /^\w+/.exec(set)?.[0] ?? ''))
const remove = (table: string): Line => update(table, 'deleted_at = now()', permissionsOf(table).delete)
const restore = (table: string): Line => ({
  ...update(table, 'deleted_at = NULL', permissionsOf(table).restore),
  before: (key) => `UPDATE ${table} SET deleted_at = now() WHERE id = '${key}'`,
})
const insert = (table: string, columns: string, values: (trial: { me: string; named: string }) => string): Line => ({
  allowed: permissionsOf(table).insert,
  sql: (trial) => `INSERT INTO ${table} (id, ${columns}) VALUES ('${id(900)}', ${values(trial)}) RETURNING *`,
})
const erase = (table: string): Line => ({ allowed: [], sql: ({ key }) => `DELETE FROM ${table} WHERE id = '${key}'` })

/** Rows that editors of a band make, change and delete. */
const editable = (table: string, columns: string, values: string, set: string): Record<string, Line> => ({
  read: read(table),
  insert: insert(table, `band_id, ${columns}`, () => `'${band}', ${values}`),
  change: change(table, set),
  delete: remove(table),
  restore: restore(table),
  'delete for good': erase(table),
})

const personal = (table: string, columns: string, values: string, set: string): Record<string, Line> => ({
  read: read(table),
  insert: insert(table, `user_id, ${columns}`, ({ named }) => `'${named}', ${values}`),
  change: change(table, set),
  delete: remove(table),
  restore: restore(table),
  'delete for good': erase(table),
})

const MATRIX: Record<string, Entity> = {
  bands: {
    theirs: band,
    lines: {
      read: read('bands'),
      insert: insert('bands', 'name', () => `'Mine'`),
      'change name and context': change('bands', `name = 'New', context_goals = '{x}'`),
      delete: remove('bands'),
      'delete for good': erase('bands'),
    },
  },
  band_members: {
    theirs: members.third,
    own: members.viewer,
    lines: {
      read: read('band_members'),
      insert: insert('band_members', 'band_id, user_id, role', ({ named }) => `'${band}', '${named}', 'viewer'`),
      'change role': change('band_members', `role = 'owner'`),
      'change name and picture': change('band_members', `display_name = 'X', avatar_url = 'y'`),
      'delete (leave)': remove('band_members'),
      restore: restore('band_members'),
      'delete for good': erase('band_members'),
    },
  },
  invites: {
    theirs: rows.invites,
    lines: {
      read: read('invites'),
      insert: insert('invites', 'band_id, role', () => `'${band}', 'viewer'`),
      'change (revoke)': change('invites', 'expires_at = now()'),
      delete: remove('invites'),
      restore: restore('invites'),
      'delete for good': erase('invites'),
    },
  },
  songs: { theirs: rows.songs, lines: editable('songs', 'title', `'New'`, `title = 'New'`) },
  setlists: { theirs: rows.setlists, lines: editable('setlists', 'name', `'New'`, `name = 'New'`) },
  shows: { theirs: rows.shows, lines: editable('shows', 'title', `'New'`, `title = 'New'`) },
  practices: { theirs: rows.practices, lines: editable('practices', 'place', `'New'`, `place = 'New'`) },
  'setlists locked by somebody else': {
    theirs: rows.setlists,
    lines: {
      change: {
        ...update('setlists', `name = 'New'`, ['owner']),
        before: (key) => `UPDATE setlists SET locked_by = '${users.third}' WHERE id = '${key}'`,
      },
      delete: {
        ...update('setlists', 'deleted_at = now()', ['owner']),
        before: (key) => `UPDATE setlists SET locked_by = '${users.third}' WHERE id = '${key}'`,
      },
      unlock: {
        ...update('setlists', `locked_by = NULL`, ['owner']),
        before: (key) => `UPDATE setlists SET locked_by = '${users.third}' WHERE id = '${key}'`,
      },
    },
  },
  attendance: {
    theirs: rows.attendance,
    own: rows.attendanceOwn,
    lines: {
      read: read('attendance'),
      insert: insert(
        'attendance',
        'band_id, subject_entity, subject_id, user_id, answer',
        ({ named }) => `'${band}', 'practices', '${rows.practices}', '${named}', 'no'`,
      ),
      change: change('attendance', `answer = 'maybe'`),
      delete: remove('attendance'),
      restore: restore('attendance'),
      'delete for good': erase('attendance'),
    },
  },
  song_notes: {
    theirs: rows.song_notes,
    own: rows.song_notesOwn,
    lines: personal('song_notes', 'song_id', `'${rows.songs}'`, `text = 'New'`),
  },
  writing_sessions: {
    theirs: rows.writing_sessions,
    own: rows.writing_sessionsOwn,
    lines: personal('writing_sessions', 'name', `'New'`, `body = 'New'`),
  },
  read_marks: {
    theirs: rows.read_marks,
    own: rows.read_marksOwn,
    lines: personal('read_marks', 'entity, entity_id, version', `'songs', '${id(901)}', 1`, `version = 9`),
  },
  projects: {
    theirs: project,
    lines: {
      read: read('projects'),
      insert: insert('projects', 'name', () => `'Mine'`),
      change: change('projects', `name = 'New', notes = 'x'`),
      delete: remove('projects'),
      'delete for good': erase('projects'),
    },
  },
  project_users: {
    theirs: projectUsers.third,
    own: projectUsers.collaborator,
    lines: {
      read: read('project_users'),
      insert: insert(
        'project_users',
        'project_id, user_id, role',
        () => `'${project}', '${users.outsider}', 'collaborator'`,
      ),
      'change role': change('project_users', `role = 'owner'`),
      'change name and picture': change('project_users', `display_name = 'X', avatar_url = 'y'`),
      'delete (leave)': remove('project_users'),
      restore: restore('project_users'),
      'delete for good': erase('project_users'),
    },
  },
  conversations: {
    theirs: rows.conversations,
    own: rows.conversationsOwn,
    lines: {
      read: read('conversations'),
      insert: insert('conversations', 'band_id, title', () => `'${band}', 'New'`),
      change: change('conversations', `title = 'New'`),
      delete: remove('conversations'),
      restore: restore('conversations'),
      'delete for good': erase('conversations'),
    },
  },
  messages: {
    theirs: rows.messages,
    own: rows.messagesOwn,
    lines: {
      read: read('messages'),
      insert: insert('messages', 'band_id, conversation_id, body', () => `'${band}', '${rows.conversations}', 'Hi'`),
      change: change('messages', `body = 'New'`),
      delete: remove('messages'),
      restore: restore('messages'),
      'delete for good': erase('messages'),
    },
  },
  changes: {
    theirs: rows.changes,
    lines: {
      read: read('changes'),
      change: change('changes', `summary = 'New'`),
      delete: remove('changes'),
      'delete for good': erase('changes'),
    },
  },
  conflicts: {
    theirs: rows.conflicts,
    lines: {
      read: read('conflicts'),
      'change (decide)': change('conflicts', `decision = 'current'`),
      delete: remove('conflicts'),
      'delete for good': erase('conflicts'),
    },
  },
  presence: {
    theirs: rows.presence,
    own: rows.presenceOwn,
    lines: {
      read: read('presence'),
      insert: insert('presence', 'band_id, client_id, user_id', ({ named }) => `'${band}', '${id(902)}', '${named}'`),
      change: change('presence', `page = '/songs'`),
      delete: { allowed: ['self'], sql: ({ key }) => `DELETE FROM presence WHERE id = '${key}'` },
      'delete after 45 seconds': {
        allowed: MEMBERS,
        before: (key) => `UPDATE presence SET last_seen_at = now() - interval '46 seconds' WHERE id = '${key}'`,
        sql: ({ key }) => `DELETE FROM presence WHERE id = '${key}'`,
      },
    },
  },
}

let db: TestDatabase
let trial: Trial
beforeAll(async () => {
  db = await testDatabase({ migrated: true })
  await buildHouse(db.ownerUrl)
  trial = await openTrial(db.superuserUrl)
})
afterAll(async () => {
  await trial[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

describe.each(Object.entries(MATRIX))('%s', (name, { theirs, own, lines }) => {
  const isOfProject = name.startsWith('project')
  const userOf = (actor: Actor): string | null => {
    if (actor === 'nobody') return null
    if (actor === 'self') return isOfProject ? users.collaborator : users.viewer
    return users[actor]
  }

  test.each(Object.entries(lines))('%s', async (_op, { allowed, sql, before }) => {
    const succeeded: Actor[] = []
    for (const actor of ACTORS) {
      if (actor === 'self' && own === undefined && !allowed.includes('self')) continue
      const me = userOf(actor)
      const key = actor === 'self' ? (own ?? theirs) : theirs
      const named = actor === 'self' && me !== null ? me : users.third
      const { kind } = await trial.attempt(me, sql({ me: me ?? '', key, named }), before?.(key))
      if (kind === 'done') succeeded.push(actor)
    }
    expect(succeeded.toSorted()).toEqual(allowed.toSorted())
  })
})

test('every synced table has its lines in the matrix', async () => {
  const { rows: synced } = await trialRows(`SELECT name FROM app.synced_table ORDER BY name`)
  expect(
    Object.keys(MATRIX)
      .filter((name) => !name.includes(' '))
      .toSorted(),
  ).toEqual(synced.map((row) => row['name']))
})

test('a row of another band is out of reach for the owner of this one', async () => {
  for (const statement of [
    `SELECT * FROM songs WHERE id = '${rows.elsewhereSong}'`,
    `UPDATE songs SET title = 'x' WHERE id = '${rows.elsewhereSong}'`,
    `INSERT INTO songs (id, band_id, title) VALUES ('${id(900)}', '${HOUSE.elsewhere}', 'x')`,
    `INSERT INTO changes (id, scope_id, entity, entity_id, op) VALUES ('${id(900)}', '${HOUSE.elsewhere}', 'songs', '${id(1)}', 'update')`,
    `INSERT INTO conflicts (id, scope_id, entity, entity_id, field) VALUES ('${id(900)}', '${HOUSE.elsewhere}', 'songs', '${rows.elsewhereSong}', 'title')`,
    // A row of the other band under the own band's name:
    `INSERT INTO conflicts (id, scope_id, entity, entity_id, field) VALUES ('${id(900)}', '${band}', 'songs', '${rows.elsewhereSong}', 'title')`,
  ]) {
    expect(await trial.attempt(users.owner, statement), statement).toEqual({ kind: 'refused' })
  }
})

test('accounts: everybody sees only themselves, account work sees all', async () => {
  const seen = (result: Awaited<ReturnType<Trial['attempt']>>) =>
    result.kind === 'done' ? result.rows.map((row) => row['id']) : []
  expect(seen(await trial.attempt(users.viewer, 'SELECT id FROM users'))).toEqual([users.viewer])
  expect(seen(await trial.attempt(null, 'SELECT id FROM users'))).toEqual([])
  const asAccounts = `SELECT set_config('app.purpose', 'accounts', true)`
  expect(seen(await trial.attempt(null, 'SELECT id FROM users', asAccounts))).toHaveLength(6)
})

test.each([
  [`INSERT INTO users (email) VALUES ('new@house.test')`],
  [
    `INSERT INTO accounts (user_id, type, provider, provider_account_id) VALUES ('${users.viewer}', 'oauth', 'github', '1')`,
  ],
  [`INSERT INTO verification_tokens (identifier, token_hash, expires_at) VALUES ('a', 'b', now())`],
  [
    `INSERT INTO password_resets (user_id, token_hash, issued_by, expires_at) VALUES ('${users.viewer}', 'b', 'mail', now())`,
  ],
])('only account work may %s', async (statement) => {
  expect((await trial.attempt(users.viewer, statement)).kind).toBe('refused')
  const asAccounts = `SELECT set_config('app.purpose', 'accounts', true)`
  expect((await trial.attempt(null, statement, asAccounts)).kind).toBe('done')
})

test('what a write came to is remembered under its own person, and stays', async () => {
  const remember = (who: string) =>
    `INSERT INTO applied_writes (user_id, id, content_hash, outcome) VALUES ('${who}', '${id(900)}', 'h', '{}')`
  expect((await trial.attempt(users.viewer, remember(users.viewer))).kind).toBe('done')
  expect((await trial.attempt(users.viewer, remember(users.owner))).kind).toBe('refused')
  expect((await trial.attempt(users.viewer, `SELECT * FROM applied_writes`, remember(users.owner))).kind).toBe(
    'refused',
  )
  expect((await trial.attempt(users.viewer, `DELETE FROM applied_writes`, remember(users.viewer))).kind).toBe('refused')
})

async function trialRows(statement: string) {
  const result = await trial.attempt(users.owner, statement)
  if (result.kind === 'refused') throw new Error(`refused: ${statement}`)
  return result
}
