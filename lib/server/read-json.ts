import 'server-only'
import { isUtf8 } from 'node:buffer'
import type { Failure } from '@/lib/protocol/errors'

export type JsonBody = { ok: true; value: unknown } | { ok: false; failure: Failure }

/**
 * Reads a JSON body of at most `bytesMax`, without holding more than that.
 * Failures: `content_type` (not said to be JSON), `too_large`, `invalid` (not UTF-8, or not JSON).
 */
export async function readJsonBody(request: Request, bytesMax: number): Promise<JsonBody> {
  if (!isJson(request.headers.get('content-type'))) {
    return refused({ code: 'content_type', message: 'Send JSON, with content-type application/json.' })
  }
  const text = await readText(request, bytesMax)
  if (text === null) {
    const megabytes = (bytesMax / (1024 * 1024)).toLocaleString('en', { maximumFractionDigits: 2 })
    return refused({ code: 'too_large', message: `The request is larger than ${megabytes} MB. Send it in parts.` })
  }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return refused({ code: 'invalid', message: 'The request cannot be read.', issues: ['body: is not JSON'] })
  }
}

function refused(failure: Failure): JsonBody {
  return { ok: false, failure }
}

function isJson(contentType: string | null): boolean {
  return contentType !== null && /^application\/json\s*(;|$)/i.test(contentType.trim())
}

/** How much of a body that is too long is still taken off the connection: answering in the middle would look like a break. */
const DRAINED_BYTES_MAX = 8 * 1024 * 1024

/** The body as text; null when it is longer than `bytesMax`. What is not UTF-8 becomes a text that is no JSON. */
export async function readText(request: Request, bytesMax: number): Promise<string | null> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > DRAINED_BYTES_MAX) break
    if (bytes <= bytesMax) chunks.push(chunk)
  }
  if (bytes > bytesMax) return null
  const body = Buffer.concat(chunks)
  // Decoding would quietly replace what is not UTF-8, and the replaced text would be stored.
  return isUtf8(body) ? body.toString('utf8') : ''
}
