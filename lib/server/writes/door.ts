import 'server-only'
import { database } from '@/db/client'
import { SCHEMA_VERSION } from '@/entities'
import type { Failure } from '@/lib/protocol/errors'
import type { WritesResponse } from '@/lib/protocol/writes'
import { refuseForeignOrigin } from '../origin'
import { limits, takeFromLimit } from '../rate-limit'
import { json, refuse } from '../respond'
import { readSession } from '../session'
import { isClaimOf, OTHER_USER, SIGNED_OUT } from '../viewer'
import { applyWrites } from './apply-writes'
import type { Sender } from './batch'
import { readJsonBody } from './body'
import { readEnvelope } from './envelope'
import { readWrite } from './received'

/** Seconds after which a client that is newer than this server should come again: a deployment is under way. */
const UPGRADE_RETRY_SECONDS = 30

/** `POST /api/writes`: an ordered batch of writes. */
export async function handleWrites(request: Request): Promise<Response> {
  const opened = await openRequest(request)
  if (!opened.ok) return refuse(opened.failure)
  const read = readEnvelope(opened.body)
  if (!read.ok) return refuse(read.failure)
  const { userId, clientId, schema, writes } = read.envelope
  const admitted = await admit(request, userId, clientId)
  if (!admitted.ok) return refuse(admitted.failure)
  const from = schema ?? SCHEMA_VERSION
  if (from > SCHEMA_VERSION) return refuse(UPGRADE)
  const options = { schema: { from, to: SCHEMA_VERSION } }
  const drained = await applyWrites(
    database(),
    admitted.sender,
    writes.map((raw) => readWrite(raw, options)),
  )
  if (!drained.ok) return refuse(drained.failure)
  return json({ results: drained.results } satisfies WritesResponse)
}

const UPGRADE: Failure = {
  code: 'upgrade',
  message: 'The server is being updated. Your changes are kept and will be sent again.',
  retryAfterSeconds: UPGRADE_RETRY_SECONDS,
}

type Opened = { ok: true; body: unknown } | { ok: false; failure: Failure }

/** What every write door asks before it reads what is wanted: own origin, somebody signed in, JSON of a bearable size. */
export async function openRequest(request: Request): Promise<Opened> {
  const foreign = refuseForeignOrigin(request)
  if (foreign) return { ok: false, failure: foreign }
  const read = await readJsonBody(request)
  // Strangers learn nothing about their body, except that it is none.
  if (!read.ok && read.failure.code === 'invalid' && !(await readSession(request))) {
    return { ok: false, failure: SIGNED_OUT }
  }
  return read
}

type Admitted = { ok: true; sender: Sender } | { ok: false; failure: Failure }

/**
 * Finds out for whom a request writes, and counts it. Whether the session still counts is read in the transaction of the writes; the
 * counter is the session's own until then, so that a stale one uses up nobody's limit.
 */
export async function admit(request: Request, userId: string | null, clientId: string | null): Promise<Admitted> {
  const session = await readSession(request)
  if (!session) return { ok: false, failure: SIGNED_OUT }
  if (!isClaimOf(session, userId)) return { ok: false, failure: OTHER_USER }
  const whose = `${session.user_id}:${session.session_version}`
  const limited = await takeFromLimit(database(), limits().writes, whose)
  if (limited) return { ok: false, failure: limited }
  return { ok: true, sender: { session, clientId } }
}
