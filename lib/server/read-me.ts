import 'server-only'
import { eq } from 'drizzle-orm'
import { database } from '@/db/client'
import { users } from '@/db/schema'
import { SCHEMA_VERSION } from '@/entities'
import type { Viewer } from '@/lib/entity/viewer'
import type { Me } from '@/lib/protocol/me'
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
  return me ? json(me) : refuse(SIGNED_OUT)
}

/** Null when the account was closed a moment ago. */
async function readMe(viewer: Viewer, session: Session): Promise<Me | null> {
  const { flags, adminEmails, syncIntervalMs } = env()
  const columns = { id: users.id, email: users.email, name: users.name, image: users.image }
  const [user] = await asViewer(viewer, database(), (tx) =>
    tx.select(columns).from(users).where(eq(users.id, viewer.user_id)),
  )
  if (!user) return null
  return {
    user: { ...user, isAdmin: adminEmails.includes(user.email.toLowerCase()) },
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
