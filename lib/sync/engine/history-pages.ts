import 'client-only'
import * as z from 'zod/mini'
import { BACKLINE_HEADERS, SCOPE_PARAM } from '@/lib/protocol/names'
import { readErrorBody } from '@/lib/protocol/errors'
import { entityOf } from '../shapes/shape-name'
import { jsonRow } from '../stored-json'
import { withPage, type LoadedPage } from '../store/history-rows'
import { rowsOf } from '../store/known-shape'
import type { ShapeHolder } from '../store/shape-holder'
import type { ShapeEvent } from '../store/shape-state'
import type { HistoryPage } from '../sync'
import type { Core } from './core'

const PAGE_ROWS = 100

const pageBody = z.object({ rows: z.array(jsonRow), next: z.nullable(z.string()) })

export interface PageRequest {
  name: { entity: string; scope: string; group?: string }
  before: string | null
  /** Generation of each group of a growing shape that page one was loaded for. */
  loadedGroups: Map<string, number>
  keep: (holder: ShapeHolder, page: LoadedPage) => Promise<void>
}

/** Loads a page of a growing entity and has its rows kept; page one of a log that began anew takes the place of all loaded before. */
export async function loadHistoryPage(core: Core, request: PageRequest): Promise<HistoryPage> {
  const { name, before, loadedGroups, keep } = request
  const fetched = await fetchPage(core, request)
  const holder = core.shapes.hold(name)
  const column = entityOf(name.entity).history?.group
  const group = column && name.group !== undefined ? { column, value: name.group } : null
  const isFirst = before === null
  const groupId = `${holder.id}/${name.group ?? ''}`
  const dropsOlder = isFirst && holder.generation > (loadedGroups.get(groupId) ?? 0)
  if (isFirst) loadedGroups.set(groupId, holder.generation)
  await keep(holder, { rows: fetched.rows, group, isFirst, dropsOlder })
  return fetched
}

/** What a page does to the shape it belongs to. */
export function pageEvent({ entity, state }: ShapeHolder, page: LoadedPage): Extract<ShapeEvent, { kind: 'history' }> {
  return withPage(entity, rowsOf(state), page)
}

/** Fetches one page of older rows, newest first. Rejects when it did not come; the query that asks tries again. */
async function fetchPage({ platform, actor }: Core, { name, before }: PageRequest): Promise<HistoryPage> {
  const query = new URLSearchParams({ [SCOPE_PARAM]: name.scope, limit: String(PAGE_ROWS) })
  if (name.group !== undefined) query.set('group', name.group)
  if (before !== null) query.set('before', before)
  const response = await platform.fetch(`${platform.origin}/api/history/${name.entity}?${query}`, {
    headers: { [BACKLINE_HEADERS.user]: actor.user_id },
  })
  const body: unknown = await response.json().catch(() => null)
  const page = pageBody.safeParse(body)
  if (response.ok && page.success) return page.data
  throw new Error(readErrorBody(body)?.message ?? 'The history could not be loaded.')
}
