import 'server-only'
import type { Database, Transaction } from '@/db/client'
import type { Viewer } from '@/lib/entity/viewer'
import type { Failure } from '@/lib/protocol/errors'
import { BACKLINE_HEADERS } from '@/lib/protocol/names'
import { readSession, type Session } from './session'
import { readStoredViewers, viewerOf, type SessionClaim } from './stored-viewer'
import { viewerQueue } from './viewer-queue'

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
  if (!isClaimOf(session, claimedUserId)) return { ok: false, failure: OTHER_USER }
  const viewer = viewerOf(await viewerQueue().read(session.user_id), session)
  if (!viewer) return { ok: false, failure: SIGNED_OUT }
  return { ok: true, session, viewer }
}

/** The user a GET says it acts for. */
export function claimedUser(request: Request): string | null {
  return request.headers.get(BACKLINE_HEADERS.user)
}

/** Whether a request acts for the session's own person; null claims nothing. */
export function isClaimOf(session: SessionClaim, claimedUserId: string | null): boolean {
  return claimedUserId === null || claimedUserId.toLowerCase() === session.user_id
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
  const stored = await readStoredViewers(db, [session.user_id], options.forShare ?? false)
  return viewerOf(stored.get(session.user_id), session)
}
