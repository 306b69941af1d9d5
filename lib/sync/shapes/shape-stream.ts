import 'client-only'
import type { Position } from '../store/known-shape'
import { FetchError, ShapeStream, type Offset as ElectricOffset } from '@electric-sql/client'
import type { AnyEntity } from '@/lib/entity/define'
import { readErrorBody, type ErrorCode, type Failure } from '@/lib/protocol/errors'
import { BACKLINE_HEADERS, SCOPE_PARAM } from '@/lib/protocol/names'
import { parseOffset, OFFSET_NOW } from '@/lib/protocol/offset'
import { readMessages, shapeParser, type ShapeMessage } from './messages'

export interface StreamOptions {
  entity: AnyEntity
  /** Null for the person's own rows. */
  scope: string | null
  userId: string
  origin: string
  /** Where to go on; null begins with a snapshot (an entity that grows without end: from now). */
  position: Position | null
  fetch: typeof fetch
  signal: AbortSignal
  /** Whatever was delivered, applied before the next request goes out. */
  onMessages: (messages: ShapeMessage[], position: Position) => void
  /** The server says no: the stream has ended. */
  onRefused: (failure: Failure) => void
  onSignedOut: (failure: Failure) => void
}

/** Follows one shape until the signal aborts or the server says no. Retries belong to ShapeStream. */
export function followShape(options: StreamOptions): void {
  const { entity, scope, position, signal } = options
  const start = position ?? (entity.history ? { offset: OFFSET_NOW } : {})
  const stream = new ShapeStream({
    url: `${options.origin}/api/shapes/${entity.name}`,
    ...(scope === null ? {} : { params: { [SCOPE_PARAM]: scope } }),
    ...('handle' in start ? { handle: start.handle } : {}),
    // Both spell the same protocol; ours is checked by `parseOffset`.
    ...('offset' in start ? { offset: start.offset as string as ElectricOffset } : {}),
    log: entity.history ? 'changes_only' : 'full',
    headers: { [BACKLINE_HEADERS.user]: options.userId },
    parser: shapeParser,
    fetchClient: options.fetch,
    backoffOptions: { initialDelay: 500, maxDelay: 30_000, multiplier: 2 },
    // Heartbeats are the watchdog and tabs are led: the stream need not look after either.
    liveRequestTimeoutMs: false,
    runtimeVisibility: { getCurrentState: () => 'visible', subscribe: () => () => undefined },
    warnOnHttp: false,
    signal,
    onError: (error) => onStreamError(options, error),
  })
  stream.subscribe((messages) => {
    if (signal.aborted) return
    const offset = parseOffset(stream.lastOffset)
    // A log that begins anew may have no name yet.
    if (offset !== null) options.onMessages(readMessages(messages), { handle: stream.shapeHandle ?? '', offset })
  })
}

/** What the server will say again, however often it is asked. */
const VERDICTS: readonly ErrorCode[] = ['forbidden', 'not_found', 'invalid']

/** Only our own words end a stream; everything else is tried again. */
function onStreamError(options: StreamOptions, error: Error): object | undefined {
  if (options.signal.aborted) return undefined
  const failure = error instanceof FetchError ? readErrorBody(error.json) : null
  if (!failure) return {}
  if (failure.code === 'signed_out' || failure.code === 'other_user') {
    options.onSignedOut(failure)
    return undefined
  }
  if (!VERDICTS.includes(failure.code)) return {}
  options.onRefused(failure)
  return undefined
}
