import 'client-only'
import * as z from 'zod/mini'
import { BACKLINE_HEADERS, SCOPE_PARAM } from '@/lib/protocol/names'
import { readErrorBody } from '@/lib/protocol/errors'
import type { Platform } from '../platform'
import type { HistoryPage } from '../sync'

const PAGE_ROWS = 100

const pageBody = z.object({ rows: z.array(z.record(z.string(), z.json())), next: z.nullable(z.string()) })

export interface HistoryRequest {
  entity: string
  scope: string
  group?: string
  before: string | null
  userId: string
}

/** Fetches one page of older rows, newest first. Rejects when it did not come; the query that asks tries again. */
export async function fetchHistoryPage(platform: Platform, request: HistoryRequest): Promise<HistoryPage> {
  const query = new URLSearchParams({ [SCOPE_PARAM]: request.scope, limit: String(PAGE_ROWS) })
  if (request.group !== undefined) query.set('group', request.group)
  if (request.before !== null) query.set('before', request.before)
  const response = await platform.fetch(`${platform.origin}/api/history/${request.entity}?${query}`, {
    headers: { [BACKLINE_HEADERS.user]: request.userId },
  })
  const body: unknown = await response.json().catch(() => null)
  const page = pageBody.safeParse(body)
  if (response.ok && page.success) return page.data
  throw new Error(readErrorBody(body)?.message ?? 'The history could not be loaded.')
}
