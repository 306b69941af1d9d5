import 'server-only'
import { entityNamed } from '@/entities'
import { UNKNOWN_ENTITY } from '../read/shape'
import { json, refuse } from '../respond'
import { authenticate, claimedUser } from '../viewer'
import { parseHistoryQuery } from './history-query'
import { readHistory } from './read-history'

/** `GET /api/history/:entity`. */
export async function answerHistory(request: Request, entityName: string): Promise<Response> {
  const who = await authenticate(request, claimedUser(request))
  if (!who.ok) return refuse(who.failure)
  const entity = entityNamed(entityName)
  if (!entity) return refuse(UNKNOWN_ENTITY)
  const query = parseHistoryQuery(entity, new URL(request.url).searchParams)
  if (!query.ok) return refuse(query.failure)
  const page = await readHistory(who.viewer, entity, query.value)
  return page.ok ? json(page.value) : refuse(page.failure)
}
