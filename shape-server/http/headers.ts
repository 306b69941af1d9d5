import type { IncomingMessage } from 'node:http'
import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import type { ShapeServerConfig } from '../config'

export const SERVER_VERSION = '1.7.12'

/** A response's headers as node takes them: name, value, name, value, … */
export type HeaderList = string[]

const EXPOSED = [
  ELECTRIC_HEADERS.cursor,
  ELECTRIC_HEADERS.handle,
  ELECTRIC_HEADERS.hasData,
  ELECTRIC_HEADERS.offset,
  ELECTRIC_HEADERS.schema,
  ELECTRIC_HEADERS.upToDate,
  ELECTRIC_HEADERS.knownError,
  'retry-after',
].join(',')

const PREFLIGHT_HEADERS = ['if-none-match', 'traceparent']

let requestCount = 0
const requestPrefix = crypto.randomUUID().slice(0, 13)

/** What every response carries. */
export function commonHeaders(request: IncomingMessage, methods: string): HeaderList {
  return [
    ELECTRIC_HEADERS.server,
    `ElectricSQL/${SERVER_VERSION}`,
    'x-request-id',
    `${requestPrefix}-${(++requestCount).toString(16)}`,
    'access-control-allow-origin',
    request.headers.origin ?? '*',
    'access-control-expose-headers',
    EXPOSED,
    'access-control-allow-methods',
    methods,
    'vary',
    'accept-encoding',
  ]
}

/** What a preflight asks for and may have. */
export function preflightHeaders(request: IncomingMessage): HeaderList {
  const asked = (request.headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
  const allowed = asked.filter((name) => PREFLIGHT_HEADERS.includes(name))
  return [
    ...(allowed.length > 0 ? ['access-control-allow-headers', allowed.join(',')] : []),
    'access-control-max-age',
    '86400',
    'connection',
    'keep-alive',
  ]
}

/** What decides how long a response may be kept. */
export interface CacheInput {
  method: string
  status: number
  isSubset: boolean
  hasHandle: boolean
  isFromStart: boolean
  live: 'no' | 'long-poll' | 'sse'
}

/** Cache rules; the first that fits wins. */
export function cacheHeaders(input: CacheInput, config: ShapeServerConfig): HeaderList {
  const { status } = input
  if (input.method !== 'GET' && input.method !== 'HEAD') return ['cache-control', 'no-cache']
  if (input.isSubset) return ['cache-control', 'no-cache']
  if (status === 409) {
    return [
      'cache-control',
      input.hasHandle ? 'public, max-age=60, must-revalidate' : 'public, max-age=1, must-revalidate',
    ]
  }
  if (status >= 400) return ['cache-control', 'no-store', 'surrogate-control', 'no-store']
  if (input.isFromStart) {
    return ['cache-control', 'public, max-age=604800, s-maxage=3600, stale-while-revalidate=2629746']
  }
  if (input.live === 'sse') {
    return ['cache-control', `public, max-age=${String(Math.max(1, Math.floor(config.sseTimeoutMs / 1000) - 1))}`]
  }
  if (input.live === 'long-poll') return ['cache-control', 'public, max-age=5, stale-while-revalidate=5']
  const { cacheMaxAgeSeconds: maxAge, cacheStaleAgeSeconds: staleAge } = config
  return ['cache-control', `public, max-age=${String(maxAge)}, stale-while-revalidate=${String(staleAge)}`]
}

// Cursors count from the day they were introduced.
const CURSOR_EPOCH_SECONDS = Date.UTC(2024, 9, 9) / 1000

/** The same for all who ask within one long-poll window, so that a CDN can join their requests; never the one the client has. */
export function liveCursor(
  nowMs: number,
  longPollTimeoutMs: number,
  previous: string | null,
  random = Math.random,
): number {
  const interval = Math.floor(longPollTimeoutMs / 1000)
  if (interval < 1) return 0
  const elapsed = nowMs / 1000 - CURSOR_EPOCH_SECONDS
  const cursor = Math.ceil(elapsed / interval) * interval
  const before = previous !== null && /^\d+$/.test(previous) ? Number(previous) : null
  return before !== null && cursor <= before ? before + 1 + Math.floor(random() * 3600) : cursor
}
