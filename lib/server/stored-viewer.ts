import 'server-only'
import { sql } from 'drizzle-orm'
import type { Database, Transaction } from '@/db/client'
import { kept } from '@/db/kept-statements'
import type { BandRole, ProjectRole, Viewer } from '@/lib/entity/viewer'
import type { Session } from './session'

/** A viewer and the number of the sessions that still count. */
export interface StoredViewer {
  session_version: number
  viewer: Viewer
}

/** The parts of a session that the database confirms. */
export type SessionClaim = Pick<Session, 'user_id' | 'session_version'>

/** The viewer of a session, null when the session is not one that still counts. */
export function viewerOf(stored: StoredViewer | undefined, session: SessionClaim): Viewer | null {
  return stored && stored.session_version === session.session_version ? stored.viewer : null
}

/** A row of app.viewers and app.viewers_for_share. A type and not an interface: drizzle wants an index signature. */
export type ViewerRow = {
  user_id: string
  session_version: number
  bands: Record<string, BandRole>
  projects: Record<string, ProjectRole>
}

/** Reads many people in one query; people unknown or closed are not in the answer. `forShare` as in `readViewer`. */
export async function readStoredViewers(
  db: Database | Transaction,
  userIds: readonly string[],
  forShare = false,
): Promise<ReadonlyMap<string, StoredViewer>> {
  // As an array literal, because drizzle spreads arrays into lists; ids are uuids, so nothing needs quoting.
  const ids = `{${userIds.join(',')}}`
  // Functions, because row-level security shows a door only the rows of one person; these tell memberships of many.
  const { rows } = await db.execute<ViewerRow>(
    forShare
      ? sql`${kept}select user_id, session_version, bands, projects from app.viewers_for_share(${ids}::uuid[])`
      : sql`${kept}select user_id, session_version, bands, projects from app.viewers(${ids}::uuid[])`,
  )
  return new Map(rows.map((row) => [row.user_id, storedViewer(row)]))
}

/** What a row says. */
export function storedViewer({ user_id, session_version, bands, projects }: ViewerRow): StoredViewer {
  return {
    session_version,
    viewer: { user_id, bands: new Map(Object.entries(bands)), projects: new Map(Object.entries(projects)) },
  }
}
