import { CONTROL } from '@/lib/protocol/names'
import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import { PublicationError } from '../replication/publication'
import { StaleSnapshotError } from '../shapes/shape'
import { RemovedError } from '../storage/snapshot-log'
import type { Exchange } from './exchange'
import type { FieldErrors } from './params'

export function sendInvalid(exchange: Exchange, errors: FieldErrors): void {
  exchange.sendJson(400, { message: 'Invalid request', errors })
}

export const MUST_REFETCH = JSON.stringify([{ headers: { control: CONTROL.mustRefetch } }])

/** The client's handle is not (or no longer) a shape's: it must begin again, with this handle when one is known. */
export function sendMustRefetch(exchange: Exchange, handle: string | null): void {
  exchange.facts.handle = handle
  exchange.send(409, MUST_REFETCH, handle === null ? [] : ['etag', `"${handle}::"`])
}

/** A shape could not be made, or Postgres did not answer. */
export function sendFailure(exchange: Exchange, error: unknown): void {
  exchange.facts.handle = null
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (error instanceof StaleSnapshotError || error instanceof RemovedError) return sendMustRefetch(exchange, null)
  if (error instanceof PublicationError) return sendKnown(exchange, { message: error.message }, 10)
  // The table is another one than was looked up: gone, renamed, or a column less.
  if (['42P01', '42703', '42883', '42704'].includes(code) || /could not open relation with OID/.test(messageOf(error)))
    return sendMustRefetch(exchange, null)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return sendKnown(exchange, { message: 'The storage of shapes is full' }, 10)
  if (code === '42501')
    return sendKnown(exchange, { message: `Unable to create initial snapshot: ${messageOf(error)}` }, 10)
  if (code === '57014')
    return sendKnown(exchange, { message: 'Snapshot query took too long to start reading from the database' }, 10)
  if (isUnreachable(code, error)) {
    return sendKnown(exchange, { code: 'database_unreachable', error: 'Database is unreachable' }, 10)
  }
  exchange.sendJson(500, { message: `Unexpected error while creating snapshot: ${messageOf(error)}` })
}

function sendKnown(exchange: Exchange, body: Record<string, string>, retryAfterSeconds: number): void {
  exchange.sendJson(503, body, ['retry-after', String(retryAfterSeconds), ELECTRIC_HEADERS.knownError, 'true'])
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function isUnreachable(code: string, error: unknown): boolean {
  return (
    [
      'ECONNREFUSED',
      'ECONNRESET',
      'ENOTFOUND',
      'ETIMEDOUT',
      'EPIPE',
      '57P01',
      '57P02',
      '57P03',
      '53300',
      '08006',
    ].includes(code) || /Connection terminated|timeout exceeded when trying to connect/.test(messageOf(error))
  )
}
