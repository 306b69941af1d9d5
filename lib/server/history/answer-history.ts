import 'server-only'
import { entityNamed } from '@/entities'
import { confirmViewer } from '../read/access'
import { UNKNOWN_ENTITY } from '../read/shape'
import { json, refuse } from '../respond'
import { authenticate, claimedUser, SIGNED_OUT } from '../viewer'
import { parseHistoryQuery } from './history-query'
import { confirmHistory, readHistory } from './read-history'

/** `GET /api/history/:entity`. */
export async function answerHistory(request: Request, entityName: string): Promise<Response> {
  const who = await authenticate(request, claimedUser(request))
  if (!who.ok) return refuse(who.failure)
  const entity = entityNamed(entityName)
  if (!entity) return refuse(UNKNOWN_ENTITY)
  const query = parseHistoryQuery(entity, new URL(request.url).searchParams)
  if (!query.ok) return refuse(query.failure)
  const page = await readHistory(who.viewer, entity, query.value)
  if (!page.ok) return refuse(page.failure)
  // Asked again once the page is read: whoever was removed or signed out meanwhile gets nothing of it.
  const viewer = await confirmViewer(who.session)
  if (!viewer) return refuse(SIGNED_OUT)
  const confirmed = confirmHistory(viewer, entity, query.value)
  return confirmed.ok ? json(page.value) : refuse(confirmed.failure)
}
