import 'client-only'
import * as z from 'zod/mini'
import { wholeNumber } from '@/lib/entity/fields'
import { readErrorBody } from '@/lib/protocol/errors'
import type { WriteResult } from '@/lib/protocol/writes'
import { json, jsonRow } from '../stored-json'
import { retryAfterMs } from './backoff'
import type { Reason } from './entry'

/** What came back for one request to the write door. */
export type Answer =
  | { kind: 'results'; results: WriteResult[] }
  /** The batch as a whole is unacceptable: smaller ones may pass, a single one is refused. */
  | { kind: 'unacceptable'; reason: Reason }
  | { kind: 'signed-out'; reason: Reason }
  /** No verdict: try the same again later. */
  | { kind: 'failed'; reason: Reason; retryAfterMs: number; isServerReached: boolean }

const clash = z.object({ field: z.string(), base: json, yours: json, theirs: json })
const result = z.union([
  z.object({
    id: z.string(),
    status: z.literal('applied'),
    txid: z.nullable(z.string()),
    version: z.nullable(wholeNumber()),
  }),
  z.object({
    id: z.string(),
    status: z.literal('conflict'),
    txid: z.nullable(z.string()),
    version: wholeNumber(),
    current: jsonRow,
    fields: z.array(clash),
  }),
  z.object({
    id: z.string(),
    status: z.literal('rejected'),
    code: z.enum(['forbidden', 'invalid', 'not_found', 'blocked']),
    message: z.string(),
    issues: z.array(z.string()),
  }),
])
const resultsBody = z.object({ results: z.array(result) })

/**
 * Reads the write door's answer. Anything that is not ours (a captive portal's page with 200, a proxy's 502, results for
 * other writes) is a failure on the way, never a verdict.
 */
export function readAnswer(status: number, retryAfter: string | null, body: unknown, ids: readonly string[]): Answer {
  if (status === 200) {
    const read = resultsBody.safeParse(body)
    if (!read.success || !answersExactly(read.data.results, ids)) return notOurs()
    return { kind: 'results', results: read.data.results }
  }
  const error = readErrorBody(body)
  if (!error) return notOurs()
  const reason: Reason = { code: error.code, message: error.message, issues: error.issues ?? [] }
  if (status === 401) return { kind: 'signed-out', reason }
  if (status === 400 || status === 413) return { kind: 'unacceptable', reason }
  return { kind: 'failed', reason, retryAfterMs: retryAfterMs(retryAfter), isServerReached: true }
}

/** The failure of a request that got no answer at all. */
export function noAnswer(): Answer {
  return failed('The server could not be reached. Your change is kept and will be sent again.')
}

function notOurs(): Answer {
  return failed('Something between this device and the server answered instead of it. Your change is kept.')
}

function failed(message: string): Answer {
  return { kind: 'failed', reason: { code: 'network', message, issues: [] }, retryAfterMs: 0, isServerReached: false }
}

function answersExactly(results: readonly WriteResult[], ids: readonly string[]): boolean {
  return results.length === ids.length && results.every(({ id }, index) => id === ids[index])
}
