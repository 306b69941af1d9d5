import type { IncomingMessage } from 'node:http'
import { isJsonObject } from '@/lib/protocol/json'

const BODY_BYTES_MAX = 8_000_000

export type BodyRead =
  | { ok: true; body: { [key: string]: unknown } | null }
  | { ok: false; status: 400 | 413; answer: Record<string, string> }

/** Reads a JSON object of at most 8 MB; null for an empty body. */
export async function readBody(request: IncomingMessage): Promise<BodyRead> {
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length
      if (size > BODY_BYTES_MAX) {
        request.resume()
        return { ok: false, status: 413, answer: { error: 'Request body too large' } }
      }
      parts.push(part)
    }
  } catch {
    return { ok: false, status: 400, answer: { error: 'Failed to read request body' } }
  }
  if (size === 0) return { ok: true, body: null }
  try {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
    if (isJsonObject(body)) return { ok: true, body }
    return { ok: false, status: 400, answer: { error: 'Request body must be a JSON object' } }
  } catch (error) {
    const details = error instanceof Error ? error.message : 'not JSON'
    return { ok: false, status: 400, answer: { error: 'Invalid JSON in request body', details } }
  }
}
