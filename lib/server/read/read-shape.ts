import 'server-only'
import { entityNamed } from '@/entities'
import { env } from '../env'
import { PRIVATE_HEADERS, refuse } from '../respond'
import { authenticate, claimedUser } from '../viewer'
import { confirmReader, type Reader } from './access'
import { liveKey, shapeFor, shapeUrl, UNKNOWN_ENTITY, type Shape, type Upstream } from './shape'
import { parseShapeQuery, type ShapePosition } from './shape-query'
import { sharedAnswers } from './shared-answers'
import { readUpstream, streamUpstream, type Answer, type StreamedAnswer } from './upstream'

/** `GET /api/shapes/:entity`: one authorized answer of the sync service. */
export async function readShape(request: Request, entityName: string): Promise<Response> {
  const who = await authenticate(request, claimedUser(request))
  if (!who.ok) return refuse(who.failure)
  const entity = entityNamed(entityName)
  if (!entity) return refuse(UNKNOWN_ENTITY)
  const query = parseShapeQuery(new URL(request.url).searchParams)
  if (!query.ok) return refuse(query.failure)
  const { scope, position } = query.value
  const shape = shapeFor(who.viewer, entity, scope)
  if (!shape.ok) return refuse(shape.failure)
  const reader: Reader = { session: who.session, entity, requested: scope }
  const answer = position.live
    ? await readLive(shape.value, position, request.signal)
    : await streamUpstream(shapeUrl(upstream(), shape.value, position), request.signal, conditions(request))
  return forward(answer, reader)
}

/** What waits at this position, shared with everyone who waits there. Rejects only with the signal's abort. */
export function readLive(shape: Shape, position: ShapePosition, signal: AbortSignal): Promise<Answer> {
  // The address costs more than waiting does, and of a thousand readers one asks.
  const ask = (shared: AbortSignal) => readUpstream(shapeUrl(upstream(), shape, position), shared)
  return sharedAnswers().read(liveKey(shape, position), ask, signal)
}

export function upstream(): Upstream {
  const { electricUrl, electricSecret } = env()
  return { url: electricUrl, secret: electricSecret }
}

async function forward(answer: Answer | StreamedAnswer, reader: Reader): Promise<Response> {
  if (answer.kind === 'failed') return refuse(answer.failure)
  const { status, headers, body } = answer
  try {
    const confirmed = await confirmReader(reader)
    if (!confirmed.ok) {
      await drop(body)
      return refuse(confirmed.failure)
    }
  } catch (error) {
    await drop(body)
    throw error
  }
  // A 304 has no body, and Response insists on it. The bytes are read, never written: they belong to all readers.
  const content = status === 304 ? null : (body as ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null)
  return new Response(content, { status, headers: { ...headers, ...PRIVATE_HEADERS } })
}

/** Lets go of an upstream answer that nobody may have. */
async function drop(body: ReadableStream<Uint8Array> | Uint8Array | null): Promise<void> {
  if (body instanceof ReadableStream) await body.cancel().catch(() => {})
}

function conditions(request: Request): Record<string, string> {
  const ifNoneMatch = request.headers.get('if-none-match')
  return ifNoneMatch === null ? {} : { 'if-none-match': ifNoneMatch }
}
