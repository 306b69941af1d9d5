import 'server-only'
import type { Failure } from '@/lib/protocol/errors'
import { WRITES_BYTES_MAX } from '@/lib/protocol/writes'

export type BodyRead = { ok: true; body: unknown } | { ok: false; failure: Failure }

/** Reads a JSON body of at most 2 MB. Failures: `content_type`, `too_large`, `invalid`. */
export async function readJsonBody(request: Request): Promise<BodyRead> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    return refused({ code: 'content_type', message: 'Send JSON, with content-type application/json.' })
  }
  if (Number(request.headers.get('content-length') ?? 0) > WRITES_BYTES_MAX) return refused(TOO_LARGE)
  const text = await readText(request)
  if (text === null) return refused(TOO_LARGE)
  try {
    return { ok: true, body: JSON.parse(text) }
  } catch {
    return refused({ code: 'invalid', message: 'The request cannot be read.', issues: ['body: is not JSON'] })
  }
}

const TOO_LARGE: Failure = { code: 'too_large', message: 'The request is larger than 2 MB. Send it in parts.' }

function refused(failure: Failure): BodyRead {
  return { ok: false, failure }
}

/** The body as text; null as soon as it is longer than it may be, whatever its headers promised. */
async function readText(request: Request): Promise<string | null> {
  if (!request.body) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > WRITES_BYTES_MAX) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
