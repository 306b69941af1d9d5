import 'server-only'
import type { Failure } from '@/lib/protocol/errors'

export type JsonBody = { ok: true; value: unknown } | { ok: false; failure: Failure }

/**
 * Reads a JSON body of at most `bytesMax`, without holding more than that.
 * Failures: `content_type` (not said to be JSON), `too_large`, `invalid` (not JSON).
 */
export async function readJsonBody(request: Request, bytesMax: number): Promise<JsonBody> {
  if (!isJson(request.headers.get('content-type'))) {
    return { ok: false, failure: { code: 'content_type', message: 'Send JSON (content-type: application/json).' } }
  }
  const text = await readText(request, bytesMax)
  if (text === null) {
    const megabytes = (bytesMax / (1024 * 1024)).toLocaleString('en', { maximumFractionDigits: 2 })
    return { ok: false, failure: { code: 'too_large', message: `The request is larger than ${megabytes} MB.` } }
  }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false, failure: { code: 'invalid', message: 'The request is not JSON.' } }
  }
}

function isJson(contentType: string | null): boolean {
  return contentType !== null && /^application\/json\s*(;|$)/i.test(contentType.trim())
}

/** How much of a body that is too long is still taken off the connection: answering in the middle would look like a break. */
const DRAINED_BYTES_MAX = 8 * 1024 * 1024

/** The body as text; null when it is longer than `bytesMax`. */
export async function readText(request: Request, bytesMax: number): Promise<string | null> {
  const decoder = new TextDecoder()
  let [text, bytes] = ['', 0]
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > DRAINED_BYTES_MAX) break
    text = bytes > bytesMax ? '' : text + decoder.decode(chunk, { stream: true })
  }
  return bytes > bytesMax ? null : text + decoder.decode()
}
