import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { sampleCalendar } from './sample/calendar'
import { sampleClock } from './sample/clock'
import { sampleHistory, type Made } from './sample/history'
import { samplePeople } from './sample/people'
import { samplePersonal, type Read } from './sample/personal'
import { sampleTalk } from './sample/talk'
import { NIGHT_SHIFT, PAPER_LIONS, type SampleUser } from './sample-ids'
import * as schema from './schema'

export interface SeedOptions {
  /** Direct connection as the role that owns the database. */
  ownerUrl: string
  /** The day that "next show" is counted from; today unless given. */
  today?: Date
}

/**
 * Loads the sample data of docs/product (The Night Shift, Paper Lions and their people) in one transaction. Rows that are there already
 * stay as they are, so running it again changes nothing.
 */
export async function seed({ ownerUrl, today = new Date() }: SeedOptions): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'backline seed' })
  await client.connect()
  try {
    const rows = sampleRows(today)
    await drizzle(client).transaction(async (tx) => {
      await tx.insert(schema.users).values(rows.users).onConflictDoNothing()
      await tx.insert(schema.bands).values(rows.bands).onConflictDoNothing()
      await tx.insert(schema.bandMembers).values(rows.bandMembers).onConflictDoNothing()
      await tx.insert(schema.invites).values(rows.invites).onConflictDoNothing()
      await tx.insert(schema.songs).values(rows.songs).onConflictDoNothing()
      await tx.insert(schema.setlists).values(rows.setlists).onConflictDoNothing()
      await tx.insert(schema.shows).values(rows.shows).onConflictDoNothing()
      await tx.insert(schema.practices).values(rows.practices).onConflictDoNothing()
      await tx.insert(schema.attendance).values(rows.attendance).onConflictDoNothing()
      await tx.insert(schema.projects).values(rows.projects).onConflictDoNothing()
      await tx.insert(schema.projectUsers).values(rows.projectUsers).onConflictDoNothing()
      await tx.insert(schema.conversations).values(rows.conversations).onConflictDoNothing()
      await tx.insert(schema.messages).values(rows.messages).onConflictDoNothing()
      await tx.insert(schema.songNotes).values(rows.songNotes).onConflictDoNothing()
      await tx.insert(schema.writingSessions).values(rows.writingSessions).onConflictDoNothing()
      await tx.insert(schema.readMarks).values(rows.readMarks).onConflictDoNothing()
      await tx.insert(schema.changes).values(rows.changes).onConflictDoNothing()
    })
  } finally {
    await client.end()
  }
}

function sampleRows(today: Date) {
  const clock = sampleClock(today)
  const people = samplePeople(clock)
  const calendar = sampleCalendar(clock)
  const talk = sampleTalk(clock)
  const shared = [
    ...calendar.songs.map((row) => made('songs', row.band_id, row.title, row)),
    ...calendar.setlists.map((row) => made('setlists', row.band_id, row.name, row)),
    ...calendar.shows.map((row) => made('shows', row.band_id, row.title, row)),
    ...calendar.practices.map((row) => made('practices', row.band_id, row.place ?? 'practice', row)),
  ]
  const read = (members: SampleUser[], band: string): Read => ({
    members,
    rows: shared.filter((each) => each.scope_id === band).map(({ entity, row }) => ({ ...row, entity })),
    messages: talk.messages.filter((message) => message.band_id === band),
  })
  return {
    ...people,
    ...calendar,
    ...talk,
    ...samplePersonal(clock, [
      read(['sarah', 'alex', 'noah', 'mia'], NIGHT_SHIFT),
      read(['olga', 'noah'], PAPER_LIONS),
    ]),
    changes: sampleHistory([
      ...shared,
      ...talk.conversations.map((row) => made('conversations', row.band_id, row.title, row)),
      ...people.projects.map((row) => made('projects', row.id, row.name, row)),
    ]),
  }
}

type MadeRow = { id: string; created_by?: string | null | undefined; created_at?: string | undefined }

function made(entity: string, scope_id: string, summary: string, row: MadeRow): Made {
  const { created_by, created_at } = row
  if (!created_by || !created_at) throw new Error(`Sample row ${row.id} of ${entity} lacks its author or time`)
  return { entity, scope_id, summary, row: { ...row, created_by, created_at } }
}
