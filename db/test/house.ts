import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import * as schema from '../schema'

/**
 * A small world for tests of the database's own rules: a band and a project with someone in every role, and one row of each
 * entity, made by `third`; rows named …Own are the viewer's (in projects: the collaborator's).
 */
export const HOUSE = {
  band: id(1),
  project: id(2),
  elsewhere: id(3),
  elsewhereProject: id(4),
  users: { owner: id(10), collaborator: id(11), viewer: id(12), third: id(13), former: id(14), outsider: id(15) },
  members: { owner: id(20), collaborator: id(21), viewer: id(22), third: id(23), former: id(24), outsider: id(25) },
  projectUsers: { owner: id(30), collaborator: id(31), third: id(33), former: id(34), outsider: id(35) },
  rows: {
    invites: id(40),
    songs: id(41),
    elsewhereSong: id(42),
    setlists: id(43),
    shows: id(44),
    practices: id(45),
    attendance: id(46),
    attendanceOwn: id(47),
    conversations: id(48),
    conversationsOwn: id(49),
    messages: id(50),
    messagesOwn: id(51),
    song_notes: id(52),
    song_notesOwn: id(53),
    writing_sessions: id(54),
    writing_sessionsOwn: id(55),
    read_marks: id(56),
    read_marksOwn: id(57),
    changes: id(58),
    conflicts: id(59),
    presence: id(60),
    presenceOwn: id(61),
    elsewhereSetlist: id(62),
    elsewhereShow: id(63),
    elsewhereConversation: id(64),
  },
} as const

export type Person = keyof typeof HOUSE.users

/** A uuid that says its number. */
export function id(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
}

/** Fills an empty, migrated database, as its owner. */
export async function buildHouse(ownerUrl: string): Promise<void> {
  const client = new pg.Client(ownerUrl)
  await client.connect()
  try {
    const db = drizzle(client)
    const { band, project, elsewhere, elsewhereProject, users, members, projectUsers, rows } = HOUSE
    const byThird = { created_by: users.third, updated_by: users.third }
    const byViewer = { created_by: users.viewer, updated_by: users.viewer }
    const gone = '2026-01-01T00:00:00.000Z'

    await db
      .insert(schema.users)
      .values(Object.entries(users).map(([name, user]) => ({ id: user, name, email: `${name}@house.test` })))
    await db.insert(schema.bands).values([
      { id: band, name: 'House band', ...byThird },
      { id: elsewhere, name: 'Elsewhere', created_by: users.outsider },
    ])
    await db.insert(schema.bandMembers).values([
      { id: members.owner, band_id: band, user_id: users.owner, role: 'owner' },
      { id: members.collaborator, band_id: band, user_id: users.collaborator, role: 'collaborator' },
      { id: members.viewer, band_id: band, user_id: users.viewer, role: 'viewer' },
      { id: members.third, band_id: band, user_id: users.third, role: 'collaborator' },
      { id: members.former, band_id: band, user_id: users.former, role: 'owner', deleted_at: gone },
      { id: members.outsider, band_id: elsewhere, user_id: users.outsider, role: 'owner' },
    ])
    await db.insert(schema.projects).values([
      { id: project, name: 'House project', ...byThird },
      { id: elsewhereProject, name: 'Elsewhere', created_by: users.outsider },
    ])
    await db.insert(schema.projectUsers).values([
      { id: projectUsers.owner, project_id: project, user_id: users.owner, role: 'owner' },
      { id: projectUsers.collaborator, project_id: project, user_id: users.collaborator, role: 'collaborator' },
      { id: projectUsers.third, project_id: project, user_id: users.third, role: 'collaborator' },
      { id: projectUsers.former, project_id: project, user_id: users.former, role: 'owner', deleted_at: gone },
      { id: projectUsers.outsider, project_id: elsewhereProject, user_id: users.outsider, role: 'owner' },
    ])
    await db.insert(schema.invites).values({ id: rows.invites, band_id: band, role: 'viewer', ...byThird })
    await db.insert(schema.songs).values([
      { id: rows.songs, band_id: band, title: 'Ours', ...byThird },
      { id: rows.elsewhereSong, band_id: elsewhere, title: 'Theirs' },
    ])
    await db.insert(schema.setlists).values([
      { id: rows.setlists, band_id: band, name: 'Set', ...byThird },
      { id: rows.elsewhereSetlist, band_id: elsewhere, name: 'Set' },
    ])
    await db.insert(schema.shows).values([
      { id: rows.shows, band_id: band, title: 'Show', ...byThird },
      { id: rows.elsewhereShow, band_id: elsewhere, title: 'Show' },
    ])
    await db.insert(schema.practices).values({ id: rows.practices, band_id: band, ...byThird })
    const answer = { band_id: band, subject_entity: 'shows' as const, subject_id: rows.shows, answer: 'yes' as const }
    await db.insert(schema.attendance).values([
      { id: rows.attendance, ...answer, user_id: users.third, ...byThird },
      { id: rows.attendanceOwn, ...answer, user_id: users.viewer, ...byViewer },
    ])
    await db.insert(schema.conversations).values([
      { id: rows.conversations, band_id: band, title: 'Talk', ...byThird },
      { id: rows.conversationsOwn, band_id: band, title: 'Talk', ...byViewer },
      { id: rows.elsewhereConversation, band_id: elsewhere, title: 'Talk' },
    ])
    const message = { band_id: band, conversation_id: rows.conversations, body: 'Hello' }
    await db.insert(schema.messages).values([
      { id: rows.messages, ...message, ...byThird },
      { id: rows.messagesOwn, ...message, ...byViewer },
    ])
    const note = { song_id: rows.songs, text: 'Capo' }
    await db.insert(schema.songNotes).values([
      { id: rows.song_notes, user_id: users.third, ...note, ...byThird },
      { id: rows.song_notesOwn, user_id: users.viewer, ...note, ...byViewer },
    ])
    await db.insert(schema.writingSessions).values([
      { id: rows.writing_sessions, user_id: users.third, name: 'Lines', ...byThird },
      { id: rows.writing_sessionsOwn, user_id: users.viewer, name: 'Lines', ...byViewer },
    ])
    const mark = { entity: 'songs', entity_id: rows.songs, version: 4 }
    await db.insert(schema.readMarks).values([
      { id: rows.read_marks, user_id: users.third, ...mark, ...byThird },
      { id: rows.read_marksOwn, user_id: users.viewer, ...mark, ...byViewer },
    ])
    await db.insert(schema.changes).values({
      id: rows.changes,
      scope_id: band,
      entity: 'songs',
      entity_id: rows.songs,
      op: 'insert',
      actor_id: users.third,
    })
    await db.insert(schema.conflicts).values({
      id: rows.conflicts,
      scope_id: band,
      entity: 'songs',
      entity_id: rows.songs,
      field: 'title',
      base: 'Our',
      current_value: 'Ours',
      current_by: users.owner,
      offered_value: 'Hours',
      offered_by: users.third,
      ...byThird,
    })
    await db.insert(schema.presence).values([
      { id: rows.presence, band_id: band, client_id: id(70), user_id: users.third },
      { id: rows.presenceOwn, band_id: band, client_id: id(71), user_id: users.viewer },
    ])
  } finally {
    await client.end()
  }
}

export type Attempt = { kind: 'done'; rows: Record<string, unknown>[] } | { kind: 'refused' }

/** A connection on which statements are tried as somebody, each in a transaction that is rolled back. */
export interface Trial extends AsyncDisposable {
  /**
   * Runs `statement` as backline_app for `userId` (null: nobody is signed in), after `before` was run free of all rules. Refused is what
   * row-level security and the triggers refuse (42501) and what touches no row; any other error is thrown.
   */
  attempt(userId: string | null, statement: string, before?: string): Promise<Attempt>
}

/** Opens a trial connection; `superuserUrl` because it becomes backline_app and back. */
export async function openTrial(superuserUrl: string): Promise<Trial> {
  const client = new pg.Client(superuserUrl)
  await client.connect()
  return {
    async attempt(userId, statement, before) {
      await client.query('BEGIN')
      try {
        if (before) await client.query(before)
        await client.query('SET LOCAL ROLE backline_app')
        await client.query(`SELECT set_config('app.user_id', $1, true)`, [userId ?? ''])
        const { rows, rowCount } = await client.query<Record<string, unknown>>(statement)
        return rowCount ? { kind: 'done', rows } : { kind: 'refused' }
      } catch (error) {
        if (sqlState(error) === '42501') return { kind: 'refused' }
        throw error
      } finally {
        await client.query('ROLLBACK')
      }
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/** The SQLSTATE of what the driver (or Drizzle around it) threw. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return sqlState(error.cause)
}
