import 'server-only'
import { database } from '@/db/client'
import { SCHEMA_VERSION } from '@/entities'
import type { Failure } from '@/lib/protocol/errors'
import { WRITES_BYTES_MAX, type WritesResponse } from '@/lib/protocol/writes'
import { refuseForeignOrigin } from '../origin'
import { limits, takeFromLimit } from '../rate-limit'
import { readJsonBody } from '../read-json'
import { json, refuse } from '../respond'
import { readSession, type Session } from '../session'
import { isClaimOf, OTHER_USER, SIGNED_OUT } from '../viewer'
import { applyWrites } from './apply-writes'
import { readEnvelope } from './envelope'
import { readWrite } from './received'

/** Seconds after which a client that is newer than this server should come again: a deployment is under way. */
const UPGRADE_RETRY_SECONDS = 30

/** `POST /api/writes`: an ordered batch of writes. */
export async function handleWrites(request: Request): Promise<Response> {
  const opened = await openRequest(request)
  if (!opened.ok) return opened.refusal
  const read = readEnvelope(opened.body)
  if (!read.ok) return refuse(read.failure)
  const { userId, clientId, schema, writes } = read.envelope
  const refused = await admit(opened.session, userId)
  if (refused) return refuse(refused)
  const from = schema ?? SCHEMA_VERSION
  if (from > SCHEMA_VERSION) return refuse(UPGRADE)
  const options = { schema: { from, to: SCHEMA_VERSION } }
  const received = writes.map((raw) => readWrite(raw, options))
  const drained = await applyWrites(database(), { session: opened.session, clientId }, received)
  if (!drained.ok) return refuse(drained.failure)
  return json({ results: drained.answers.map(({ result }) => result) } satisfies WritesResponse)
}

const UPGRADE: Failure = {
  code: 'upgrade',
  message: 'The server is being updated. Your changes are kept and will be sent again.',
  retryAfterSeconds: UPGRADE_RETRY_SECONDS,
}

export type Opened = { ok: true; session: Session; body: unknown } | { ok: false; refusal: Response }

/** What every write door asks before it reads what is wanted: own origin, JSON of a bearable size, somebody signed in. */
export async function openRequest(request: Request): Promise<Opened> {
  const foreign = refuseForeignOrigin(request)
  if (foreign) return { ok: false, refusal: refuseUnread(foreign) }
  const read = await readJsonBody(request, WRITES_BYTES_MAX)
  if (!read.ok && read.failure.code !== 'invalid') return { ok: false, refusal: refuseUnread(read.failure) }
  // Strangers learn nothing about what they sent.
  const session = await readSession(request)
  if (!session) return { ok: false, refusal: refuse(SIGNED_OUT) }
  return read.ok ? { ok: true, session, body: read.value } : { ok: false, refusal: refuse(read.failure) }
}

/** Answers before the body is read to its end. The rest of it must not be taken for the connection's next request. */
function refuseUnread(failure: Failure): Response {
  return refuse(failure, { connection: 'close' })
}

/**
 * Compares for whom a request says it acts, and counts it; null lets it pass. Whether the session still counts is read in the transaction
 * of the writes; the counter is the session's own until then, so that a stale one uses up nobody's limit.
 */
export async function admit(session: Session, userId: string | null): Promise<Failure | null> {
  if (!isClaimOf(session, userId)) return OTHER_USER
  return takeFromLimit(database(), limits().writes, `${session.user_id}:${session.session_version}`)
}
