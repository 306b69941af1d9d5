import 'server-only'
import { isUuid } from '@/lib/entity/fields'
import type { Failure } from '@/lib/protocol/errors'
import { isJsonObject } from '@/lib/protocol/json'
import { WRITES_MAX } from '@/lib/protocol/writes'

/** A request to the write door whose outside is in order. Each write is still as it came. */
export interface Envelope {
  userId: string | null
  clientId: string | null
  /** The schema version the writes were made under; null means the server's own. */
  schema: number | null
  writes: readonly unknown[]
}

/** Reads the outside of a request; `invalid` only for what makes all of it unreadable. */
export function readEnvelope(body: unknown): { ok: true; envelope: Envelope } | { ok: false; failure: Failure } {
  if (!isJsonObject(body)) return broken('body: is not a JSON object')
  const { userId = null, clientId = null, schema = null, writes } = body
  if (userId !== null && typeof userId !== 'string') return broken('userId: is not a text')
  if (clientId !== null && !isUuid(clientId)) return broken('clientId: is not a uuid')
  if (schema !== null && !isSchemaVersion(schema)) return broken('schema: is not a version number')
  if (!Array.isArray(writes)) return broken('writes: is not a list')
  if (writes.length === 0) return broken('writes: is empty')
  if (writes.length > WRITES_MAX) return broken(`writes: are more than ${WRITES_MAX}`)
  return { ok: true, envelope: { userId, clientId: clientId?.toLowerCase() ?? null, schema, writes } }
}

function isSchemaVersion(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1
}

function broken(issue: string): { ok: false; failure: Failure } {
  return { ok: false, failure: { code: 'invalid', message: 'The request cannot be read.', issues: [issue] } }
}
