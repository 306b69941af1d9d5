import 'server-only'
import { env } from '../env'
import { refuseForeignOrigin } from '../origin'
import { readJsonBody } from '../read-json'
import { PRIVATE_HEADERS, refuse } from '../respond'
import { authenticate, claimedUser, isClaimOf, OTHER_USER } from '../viewer'
import { parseLiveRequest } from './live-request'
import { liveStream } from './live-stream'

/** A hundred shapes take about 30 KB. */
const BODY_BYTES_MAX = 256 * 1024

/** `POST /api/shapes/live`: all live shapes of one client on one response. */
export async function answerLive(request: Request): Promise<Response> {
  const foreign = refuseForeignOrigin(request)
  if (foreign) return refuse(foreign)
  const who = await authenticate(request, claimedUser(request))
  if (!who.ok) return refuse(who.failure)
  const body = await readJsonBody(request, BODY_BYTES_MAX)
  if (!body.ok) return refuse(body.failure)
  const parsed = parseLiveRequest(body.value)
  if (!parsed.ok) return refuse(parsed.failure)
  const { userId, hold, shapes } = parsed.value
  if (!isClaimOf(who.session, userId)) return refuse(OTHER_USER)
  const { session, viewer } = who
  const stream = liveStream({ session, viewer, shapes, hold, maxSeconds: env().liveMaxSeconds, signal: request.signal })
  // Proxies of the nginx kind gather answers unless told not to.
  const headers = {
    'content-type': 'application/x-ndjson',
    'x-accel-buffering': 'no',
    ...PRIVATE_HEADERS,
  }
  return new Response(stream, { headers })
}
