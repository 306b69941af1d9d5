import 'server-only'
import { sql } from 'drizzle-orm'
import { database, type Database, type Transaction } from '@/db/client'
import type { BandRole, ProjectRole, Viewer } from '@/lib/entity/viewer'
import { BACKLINE_HEADERS } from '@/lib/protocol/names'
import type { Failure } from '@/lib/protocol/errors'
import { readSession, type Session } from './session'

/** What a viewer is read for: the parts of a session that the database confirms. */
export type SessionClaim = Pick<Session, 'user_id' | 'session_version'>

export type Authenticated = { ok: true; session: Session; viewer: Viewer } | { ok: false; failure: Failure }

export const SIGNED_OUT: Failure = { code: 'signed_out', message: 'You are signed out. Sign in to go on.' }
export const OTHER_USER: Failure = {
  code: 'other_user',
  message: 'Somebody else is signed in to this browser now. Reload the page to go on as them.',
}

/**
 * Finds out for whom a request acts. `claimedUserId` is the user our client says it acts for (`userId` of a body,
 * `claimedUser(request)` for GETs), null when it does not say.
 * Failures: `signed_out` (no session, or a stale one), `other_user`.
 */
export async function authenticate(request: Request, claimedUserId: string | null): Promise<Authenticated> {
  const session = await readSession(request)
  if (!session) return { ok: false, failure: SIGNED_OUT }
  if (claimedUserId !== null && claimedUserId.toLowerCase() !== session.user_id)
    return { ok: false, failure: OTHER_USER }
  const viewer = await readViewer(database(), session)
  if (!viewer) return { ok: false, failure: SIGNED_OUT }
  return { ok: true, session, viewer }
}

/** The user a GET says it acts for. */
export function claimedUser(request: Request): string | null {
  return request.headers.get(BACKLINE_HEADERS.user)
}

/**
 * Reads a person's containers and roles in one query; null when the session is stale or the account is closed.
 * `forShare` (inside a transaction) keeps the memberships as they are until it ends.
 */
export async function readViewer(
  db: Database | Transaction,
  session: SessionClaim,
  options: { forShare?: boolean } = {},
): Promise<Viewer | null> {
  const rows = await viewerRows(db, [session.user_id], options.forShare ?? false)
  return viewerOf(rows.get(session.user_id), session)
}

/** Reads many people at once; people unknown or closed are not in the answer. */
export async function readViewers(db: Database, userIds: Iterable<string>): Promise<ReadonlyMap<string, StoredViewer>> {
  return viewerRows(db, [...new Set(userIds)], false)
}

/** A viewer and the number of the sessions that still count. */
export interface StoredViewer {
  session_version: number
  viewer: Viewer
}

/** The viewer of a session, null when the session is not one that still counts. */
export function viewerOf(stored: StoredViewer | undefined, session: SessionClaim): Viewer | null {
  return stored && stored.session_version === session.session_version ? stored.viewer : null
}

// A type and not an interface: drizzle wants an index signature.
type ViewerRow = {
  user_id: string
  session_version: number
  bands: Record<string, BandRole>
  projects: Record<string, ProjectRole>
}

async function viewerRows(
  db: Database | Transaction,
  userIds: readonly string[],
  forShare: boolean,
): Promise<ReadonlyMap<string, StoredViewer>> {
  // As an array literal, because drizzle spreads arrays into lists; ids are uuids, so nothing needs quoting.
  const ids = `{${userIds.join(',')}}`
  // Functions, because row-level security shows a door only the rows of one person; these tell memberships of many.
  const { rows } = await db.execute<ViewerRow>(
    forShare
      ? sql`select * from app.viewers_for_share(${ids}::uuid[])`
      : sql`select * from app.viewers(${ids}::uuid[])`,
  )
  return new Map(
    rows.map(({ user_id, session_version, bands, projects }) => [
      user_id,
      {
        session_version,
        viewer: { user_id, bands: new Map(Object.entries(bands)), projects: new Map(Object.entries(projects)) },
      },
    ]),
  )
}
