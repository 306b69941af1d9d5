import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import type { Service } from '../service'
import type { Shape } from '../shapes/shape'
import { loadGrammar } from '../where/parse'
import type { Exchange } from './exchange'
import { sendFailure, sendInvalid } from './failures'
import { parseShapeRequest } from './params'
import { resolveDefinition, subqueryTablesOf } from './resolve-definition'

const MISMATCH =
  'The specified shape definition and handle do not match. Please ensure the shape definition is correct or omit the shape handle from the request to obtain a new one.'

/** Ends a shape, found by handle, definition or both; only where the configuration allows it. */
export async function deleteShape(service: Service, exchange: Exchange, query: URLSearchParams): Promise<void> {
  if (!exchange.config.deletesEnabled) return exchange.sendJson(405, { message: 'DELETE not allowed' })
  const handle = query.get('handle')
  if (query.get('table') === null) {
    if (handle === null) return sendInvalid(exchange, { handle: ["can't be blank when shape definition is missing"] })
    const shape = service.registry.byHandle.get(handle)
    if (!shape) return exchange.sendJson(404, { message: 'Shape not found' })
    removeLives(service, shape)
    return sendAccepted(exchange)
  }
  query.set('offset', '-1')
  query.delete('live')
  const parsed = parseShapeRequest(query)
  if (!parsed.ok) return sendInvalid(exchange, parsed.errors)
  try {
    await loadGrammar()
    const table = await service.tables.get(parsed.value.relation, Number.POSITIVE_INFINITY)
    const others = await subqueryTablesOf(service, parsed.value)
    const resolved = resolveDefinition(parsed.value, table, service.stream.publishesGenerated, others)
    if (!resolved.ok) return sendInvalid(exchange, resolved.errors)
    const shape = service.registry.find(resolved.definition)
    if (!shape) return exchange.sendJson(404, { message: 'No existing shape found' })
    const lives = service.registry.livesOf(shape)
    if (handle !== null && !lives.some((life) => life.handle === handle)) {
      return exchange.sendJson(400, { message: MISMATCH })
    }
    removeLives(service, shape)
    sendAccepted(exchange)
  } catch (error) {
    sendFailure(exchange, error)
  }
}

function sendAccepted(exchange: Exchange): void {
  exchange.sendEmpty(202, [ELECTRIC_HEADERS.hasData, 'true'])
}

/** A compacted shape has two lives; deleting it ends both. */
function removeLives(service: Service, shape: Shape): void {
  for (const life of service.registry.livesOf(shape)) service.registry.remove(life, 'deleted by request')
}
