import 'server-only'
import type { Failure } from '@/lib/protocol/errors'
import { env } from './env'

/**
 * The origin rule of doors that browsers post to: an `Origin` header, when present, must be the app's own. Absent (curl,
 * scripts) passes: without a browser there is no cookie to abuse. Returns null when the request may go on.
 */
export function refuseForeignOrigin(request: Request): Failure | null {
  const origin = request.headers.get('origin')
  if (origin === null || isOwnOrigin(origin, env().publicOrigin, request.headers.get('host'))) return null
  return { code: 'origin', message: 'This request came from another site and was refused.' }
}

/** Whether an `Origin` is ours: the public origin where one is set, otherwise the host the request was sent to. */
export function isOwnOrigin(origin: string, publicOrigin: string | null, host: string | null): boolean {
  // "null" (sandboxed frames, files) and anything unreadable is foreign.
  if (!URL.canParse(origin)) return false
  const url = new URL(origin)
  if (publicOrigin !== null) return url.origin === publicOrigin
  return host !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.host === host.toLowerCase()
}
