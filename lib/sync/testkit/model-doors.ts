import 'client-only'
import { mayRead } from '@/lib/entity/access'
import { resolveScope } from '@/lib/entity/scope'
import type { Viewer } from '@/lib/entity/viewer'
import { entityNamed } from '@/entities'
import type { LiveRequest, LiveShapeRequest } from '@/lib/protocol/live'
import { STATUS_BY_CODE, type ErrorCode } from '@/lib/protocol/errors'
import { ELECTRIC_HEADERS as HEADERS } from '@/lib/protocol/names'
import type { WritesRequest } from '@/lib/protocol/writes'
import { textIn } from '@/lib/protocol/json'
import type { ModelServer } from './model-server'

/** The doors in front of a model server, as one signed-in browser meets them: a `fetch`. */
export function modelFetch(server: ModelServer, session: { userId: string | null }): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const userId = session.userId
    if (userId === null) return refusal('signed_out')
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : null
    if (url.pathname === '/api/writes') return answerWrites(server, userId, body as WritesRequest)
    if (url.pathname === '/api/shapes/live')
      return answerLive(server, session, body as LiveRequest, init?.signal ?? null)
    if (url.pathname.startsWith('/api/shapes/')) return answerShape(server, userId, url)
    if (url.pathname.startsWith('/api/history/')) return answerHistory(server, userId, url)
    if (url.pathname === '/api/me') return json({ user: { id: userId } })
    return refusal('not_found')
  }
}

function answerWrites(server: ModelServer, userId: string, request: WritesRequest): Response {
  if (request.userId !== userId) return refusal('other_user')
  return json({ results: server.write(request, userId) })
}

function answerShape(server: ModelServer, userId: string, url: URL): Response {
  const entity = url.pathname.split('/').at(-1) ?? ''
  const offset = url.searchParams.get('offset') ?? '-1'
  const found = shapeFor(server, userId, entity, url.searchParams.get('scope'))
  if ('code' in found) return refusal(found.code)
  const { scope, handle } = found
  const headers = { [HEADERS.handle]: handle, [HEADERS.schema]: '{}' }
  if (offset === '-1') {
    return json(server.snapshot(entity, scope, userId), { ...headers, [HEADERS.offset]: server.end })
  }
  const asked = url.searchParams.get('handle')
  if (offset !== 'now' && asked !== handle) return mustRefetch(handle)
  const chunk = offset === 'now' ? null : server.since(entity, scope, userId, offset, server.chunkMax)
  if (chunk && !chunk.isUpToDate) return json(chunk.messages, { ...headers, [HEADERS.offset]: chunk.end })
  const up = { headers: { control: 'up-to-date', global_last_seen_lsn: '0' } }
  return json([...(chunk?.messages ?? []), up], { ...headers, [HEADERS.offset]: server.end, [HEADERS.upToDate]: '' })
}

/** Newest first, one page; `before` is the id of the last row of the page before. */
function answerHistory(server: ModelServer, userId: string, url: URL): Response {
  const name = url.pathname.split('/').at(-1) ?? ''
  const found = shapeFor(server, userId, name, url.searchParams.get('scope'))
  if ('code' in found) return refusal(found.code)
  const column = entityNamed(name)?.history?.group
  const group = url.searchParams.get('group')
  const rows = server
    .shapeRows(name, found.scope, userId)
    .filter((row) => group === null || column === undefined || row[column] === group)
    .toSorted((a, b) => (textIn(a, 'created_at') < textIn(b, 'created_at') ? 1 : -1))
  const before = url.searchParams.get('before')
  const start = before === null ? 0 : rows.findIndex((row) => row['id'] === before) + 1
  const end = start + Number(url.searchParams.get('limit'))
  return json({ rows: rows.slice(start, end), next: end < rows.length ? textIn(rows[end - 1] ?? {}, 'id') : null })
}

function answerLive(
  server: ModelServer,
  session: { userId: string | null },
  request: LiveRequest,
  signal: AbortSignal | null,
): Response {
  const { userId } = session
  if (userId === null || request.userId !== userId) return refusal('other_user')
  const positions = new Map(request.shapes.map((shape) => [shape.id, shape.offset]))
  const encoder = new TextEncoder()
  let stop = () => {}
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (line: object) => controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`))
      const look = () => {
        if (session.userId !== userId) return end()
        for (const shape of request.shapes) {
          const line = lineFor(server, userId, shape, positions)
          if (line) send(line)
        }
      }
      const end = () => {
        stop()
        controller.close()
      }
      stop = () => void server.changed.delete(look)
      signal?.addEventListener('abort', () => {
        stop()
        controller.error(new DOMException('aborted', 'AbortError'))
      })
      send({ heartbeat: '2026-11-20T18:00:00.000Z' })
      server.changed.add(look)
      look()
    },
    cancel: () => stop(),
  })
  return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } })
}

function lineFor(
  server: ModelServer,
  userId: string,
  shape: LiveShapeRequest,
  positions: Map<string, string>,
): object | null {
  const offset = positions.get(shape.id)
  if (offset === undefined) return null
  const found = shapeFor(server, userId, shape.entity, shape.scope ?? null)
  const ended = (status: number, headers: object, body: object) => {
    positions.delete(shape.id)
    return { id: shape.id, status, headers, body }
  }
  if ('code' in found)
    return ended(STATUS_BY_CODE[found.code], {}, { error: { code: found.code, message: found.code } })
  if (found.handle !== shape.handle) {
    return ended(409, { [HEADERS.handle]: found.handle }, [{ headers: { control: 'must-refetch' } }])
  }
  const { messages } = server.since(shape.entity, found.scope, userId, offset)
  if (messages.length === 0) return null
  positions.set(shape.id, server.end)
  const headers = {
    [HEADERS.handle]: found.handle,
    [HEADERS.offset]: server.end,
    [HEADERS.cursor]: '1',
    [HEADERS.upToDate]: '',
  }
  const up = { headers: { control: 'up-to-date', global_last_seen_lsn: '0' } }
  return { id: shape.id, status: 200, headers, body: [...messages, up] }
}

function shapeFor(
  server: ModelServer,
  userId: string,
  name: string,
  requested: string | null,
): { scope: string | null; handle: string } | { code: ErrorCode } {
  const entity = entityNamed(name)
  if (!entity) return { code: 'not_found' }
  const viewer = viewerOf(server, userId)
  const resolved = resolveScope(entity, requested, viewer)
  if ('refused' in resolved) return { code: resolved.refused }
  if (!mayRead(entity, resolved.value, viewer)) return { code: 'forbidden' }
  const scope = resolved.kind === 'user' && entity.scope.kind !== 'any' ? null : resolved.value
  return { scope, handle: server.handle(name, scope, userId) }
}

function viewerOf(server: ModelServer, userId: string): Viewer {
  const roles = (entity: string, column: string) =>
    server.shapeRows(entity, null, userId).map((row) => [textIn(row, column), textIn(row, 'role')] as const)
  return {
    user_id: userId,
    bands: new Map(roles('band_members', 'band_id')) as Viewer['bands'],
    projects: new Map(roles('project_users', 'project_id')) as Viewer['projects'],
  }
}

function mustRefetch(handle: string): Response {
  return json([{ headers: { control: 'must-refetch' } }], { [HEADERS.handle]: handle }, 409)
}

function refusal(code: ErrorCode): Response {
  return json({ error: { code, message: code } }, {}, STATUS_BY_CODE[code])
}

function json(body: unknown, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })
}
