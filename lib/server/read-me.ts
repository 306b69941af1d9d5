import 'server-only'
import { eq } from 'drizzle-orm'
import { database } from '@/db/client'
import { users } from '@/db/schema'
import { SCHEMA_VERSION } from '@/entities'
import type { Viewer } from '@/lib/entity/viewer'
import type { Me } from '@/lib/protocol/me'
import { callerOf } from './accounts/caller'
import { ownsInstallation } from './accounts/installation'
import { renewSession, setCookieHeader } from './accounts/session-cookie'
import { asViewer } from './as-viewer'
import { env } from './env'
import { isOn } from './flags'
import { json, refuse } from './respond'
import type { Session } from './session'
import { authenticate, claimedUser, SIGNED_OUT } from './viewer'

/** `GET /api/me`. */
export async function answerMe(request: Request): Promise<Response> {
  const who = await authenticate(request, claimedUser(request))
  if (!who.ok) return refuse(who.failure)
  const me = await readMe(who.viewer, who.session)
  if (!me) return refuse(SIGNED_OUT)
  // The app asks this whenever it opens: a session lasts from the last visit. Streams read the old cookie and go on.
  const renewal = await renewSession(who.session, callerOf(request.headers))
  if (!renewal) return json(me)
  const headers = { 'set-cookie': setCookieHeader(renewal.cookie) }
  return json({ ...me, sessionExpiresAt: renewal.expires_at }, { headers })
}

/** Null when the account was closed, or the session ended, a moment ago. */
async function readMe(viewer: Viewer, session: Session): Promise<Me | null> {
  const { flags, syncIntervalMs } = env()
  const { id, email, email_verified, name, image, session_version } = users
  const [user] = await asViewer(viewer, database(), (tx) =>
    tx
      .select({ id, email, email_verified, name, image, session_version })
      .from(users)
      .where(eq(users.id, viewer.user_id)),
  )
  // By now the session may have ended as well.
  if (user?.session_version !== session.session_version) return null
  return {
    user: { id: user.id, email: user.email, name: user.name, image: user.image, isAdmin: ownsInstallation(user) },
    sessionExpiresAt: session.expires_at,
    flags: {
      realtime: isOn('realtime', flags.realtime, user.id),
      syncIcons: isOn('sync_icons', flags.sync_icons, user.id),
      toasts: isOn('toasts', flags.toasts, user.id),
    },
    syncIntervalMs,
    schemaVersion: SCHEMA_VERSION,
    serverTime: new Date().toISOString(),
  }
}
