import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import { SEPARATOR, upToDateMessage } from '../encoding/message'
import type { Service } from '../service'
import type { Shape } from '../shapes/shape'
import { comparePositions, formatPosition, SNAPSHOT_END } from '../storage/position'
import type { Position } from '../storage/position'
import type { LogRange } from '../storage/shape-log'
import type { Asked } from './asked'
import { toBody } from './exchange'
import type { Exchange } from './exchange'
import { sendFailure, sendInvalid, sendMustRefetch } from './failures'
import type { HeaderList } from './headers'
import { liveCursor } from './headers'
import { serveEvents, waitForChange } from './serve-events'
import { serveSubset } from './serve-subset'
import { loadGrammar } from '../where/parse'
import type { ShapeRequest } from './params'
import { FRESH_MS, resolveDefinition, subqueryTablesOf } from './resolve-definition'

/** Answers GET, HEAD and POST on /v1/shape; `onStarted` is called when the answer no longer waits for a snapshot to begin. */
export async function serveShape(
  service: Service,
  exchange: Exchange,
  asked: Asked,
  onStarted: () => void,
): Promise<void> {
  const { request: parsed, subset } = asked
  if (!parsed.ok) return sendInvalid(exchange, parsed.errors)
  if (!subset.ok) return sendInvalid(exchange, subset.errors)
  const request = parsed.value
  exchange.facts.isSubset = subset.value !== null
  if (subset.value) await loadGrammar()
  exchange.facts.live = request.live
  exchange.facts.requestOffset = request.from.kind === 'now' ? 'now' : request.from.text
  const shape = knownShape(service, asked, request) ?? (await findShape(service, exchange, asked, request))
  if (!shape) return
  shape.usedAt = Date.now()
  exchange.facts.handle = shape.handle
  try {
    await shape.started
  } catch (error) {
    return sendFailure(exchange, error)
  }
  onStarted()
  if (subset.value) return serveSubset(service, exchange, request, shape, subset.value)
  if (request.from.kind === 'now') return serveNow(service, exchange, request, shape)
  const { position } = request.from
  const task = { service, exchange, asked, request, shape }
  if (position.tx < 0n) return serveSnapshot(exchange, request, shape, 0)
  if (position.tx === 0n && position.op !== Number.POSITIVE_INFINITY) {
    const hasNext = await shape.snapshot.hasChunk(position.op + 1).catch(() => null)
    if (hasNext === null) return sendMustRefetch(exchange, null)
    if (hasNext) return serveSnapshot(exchange, request, shape, position.op + 1)
    return serveLog(task, SNAPSHOT_END)
  }
  return serveLog(task, position)
}

/** A request whose shape is found. */
interface Task {
  service: Service
  exchange: Exchange
  asked: Asked
  request: ShapeRequest
  shape: Shape
}

/** The shape a request names, when it defines it in the words that were last found to mean it. */
function knownShape(service: Service, asked: Asked, request: ShapeRequest): Shape | null {
  const known = request.handle === null ? undefined : service.registry.byHandle.get(request.handle)
  return known?.requestKey === asked.definitionKey ? known : null
}

/** The shape a request means; null when the request is answered already. */
async function findShape(
  service: Service,
  exchange: Exchange,
  asked: Asked,
  request: ShapeRequest,
): Promise<Shape | null> {
  let table
  let others
  try {
    if (request.where !== null) await loadGrammar()
    others = await subqueryTablesOf(service, request)
    // Who begins anew gets the table as it is now, within a second: DROP and CREATE send no message of their own.
    table = await service.tables.get(request.relation, request.handle === null ? FRESH_MS : Number.POSITIVE_INFINITY)
  } catch (error) {
    sendFailure(exchange, error)
    return null
  }
  let resolved = resolveDefinition(request, table, service.stream.publishesGenerated, others)
  if (!resolved.ok || !service.registry.find(resolved.definition)) {
    // A new shape, or a refusal, must rest on the table as it is now.
    try {
      table = await service.tables.refresh(request.relation)
    } catch (error) {
      sendFailure(exchange, error)
      return null
    }
    resolved = resolveDefinition(request, table, service.stream.publishesGenerated, others)
  }
  if (!resolved.ok) {
    sendInvalid(exchange, resolved.errors)
    return null
  }
  const shape = service.registry.open(resolved.definition, request.handle)
  shape.requestKey = asked.definitionKey
  if (request.handle === null || request.handle === shape.handle) return shape
  sendMustRefetch(exchange, shape.handle)
  return null
}

function serveNow(service: Service, exchange: Exchange, request: ShapeRequest, shape: Shape): void {
  const end = shape.log.end
  const body = `[${upToDateMessage(maxLsn(service.router.lastSeenLsn, end.tx))}]`
  exchange.send(200, body, [
    ...offsetHeaders(exchange, request, shape, end, uniqueSuffix()),
    ELECTRIC_HEADERS.upToDate,
    '',
    ELECTRIC_HEADERS.hasData,
    'false',
  ])
}

async function serveSnapshot(exchange: Exchange, request: ShapeRequest, shape: Shape, chunk: number): Promise<void> {
  const headers = [
    ...offsetHeaders(exchange, request, shape, { tx: 0n, op: chunk }, ''),
    ELECTRIC_HEADERS.hasData,
    'true',
  ]
  if (answerNotModified(exchange, headers)) return
  exchange.begin(200, headers)
  await sendItems(exchange, shape.snapshot.stream(chunk), '')
}

async function serveLog(task: Task, after: Position): Promise<void> {
  const { service, exchange, request, shape } = task
  const isBeyond = comparePositions(after, shape.log.end) > 0
  if (request.live === 'sse' && !isBeyond) {
    return serveEvents(service, exchange, shape, after, offsetHeaders(exchange, request, shape, shape.log.end, ''))
  }
  if (!shape.log.hasAfter(after) && (request.live !== 'no' || isBeyond)) {
    const timeoutMs = isBeyond ? service.config.longPollTimeoutMs / 2 : service.config.longPollTimeoutMs
    const wake = await waitForChange(shape, after, timeoutMs, exchange)
    if (wake === 'gone') return
    if (wake === 'removed') return sendMustRefetch(exchange, null)
    if (wake === 'timeout' && isBeyond) return sendInvalid(exchange, { offset: ['out of bounds for this shape'] })
    if (wake === 'timeout') return serveUnchanged(service, exchange, request, shape, after)
  }
  if (shape.isRemoved) return sendMustRefetch(exchange, null)
  if (sendSameAnswer(task)) return
  await sendRange(task, after, shape.log.read(after))
}

/** Answers as another request was answered that asked the same; false when there was none. */
function sendSameAnswer({ exchange, asked, shape }: Task): boolean {
  const { answer } = asked
  if (answer?.shape !== shape || answer.logEnd !== shape.log.end) return false
  if (exchange.request.headers['if-none-match'] !== undefined) return false
  exchange.sendWhole(200, answer.headers, answer.body)
  return true
}

async function sendRange(task: Task, after: Position, range: LogRange): Promise<void> {
  const { service, exchange, asked, request, shape } = task
  const isEmpty = range.bytes.kind === 'memory' && range.bytes.parts.length === 0
  const end = isEmpty ? after : range.end
  const headers = offsetHeaders(exchange, request, shape, end, '')
  if (range.isAtEnd) headers.push(ELECTRIC_HEADERS.upToDate, '')
  headers.push(ELECTRIC_HEADERS.hasData, 'true')
  if (answerNotModified(exchange, headers)) return
  const lsn = request.live === 'no' ? maxLsn(service.router.lastSeenLsn, end.tx) : end.tx
  const tail = range.isAtEnd ? upToDateMessage(lsn) : ''
  if (range.bytes.kind === 'stored') {
    exchange.begin(200, headers)
    return sendItems(exchange, shape.log.stream(range.bytes.from, range.bytes.to), tail)
  }
  const key = `${formatPosition(after)} ${formatPosition(end)} ${tail}`
  if (shape.lastBody?.key !== key) shape.lastBody = { key, bytes: wholeBody(range.bytes.parts, tail) }
  const body = toBody(shape.lastBody.bytes)
  const shared = exchange.sharedHeaders(200, headers)
  if (request.live === 'long-poll' && typeof body === 'string') {
    asked.answer = { shape, logEnd: shape.log.end, headers: shared, body }
  }
  exchange.sendWhole(200, shared, body)
}

function serveUnchanged(
  service: Service,
  exchange: Exchange,
  request: ShapeRequest,
  shape: Shape,
  after: Position,
): void {
  exchange.send(200, `[${upToDateMessage(maxLsn(service.router.lastSeenLsn, 0n))}]`, [
    ...offsetHeaders(exchange, request, shape, after, uniqueSuffix()),
    ELECTRIC_HEADERS.upToDate,
    '',
    ELECTRIC_HEADERS.hasData,
    'false',
  ])
}

/** Headers that tell where the answer ends. */
function offsetHeaders(
  exchange: Exchange,
  request: ShapeRequest,
  shape: Shape,
  end: Position,
  suffix: string,
): HeaderList {
  const offset = formatPosition(end)
  const requested = exchange.facts.requestOffset ?? ''
  const headers = [ELECTRIC_HEADERS.offset, offset, 'etag', `"${shape.handle}:${requested}:${offset}${suffix}"`]
  if (request.live === 'no') headers.push(ELECTRIC_HEADERS.schema, shape.schema)
  else {
    const cursor = liveCursor(Date.now(), exchange.config.longPollTimeoutMs, request.cursor)
    headers.push(ELECTRIC_HEADERS.cursor, String(cursor))
  }
  return headers
}

function answerNotModified(exchange: Exchange, headers: HeaderList): boolean {
  const asked = exchange.request.headers['if-none-match']
  if (asked === undefined) return false
  const etag = headers[headers.indexOf('etag') + 1]
  const isSame = asked.split(',').some((candidate) => candidate.trim() === etag || `"${candidate.trim()}"` === etag)
  if (isSame) exchange.sendEmpty(304, headers)
  return isSame
}

/** Streams stored items as a JSON array, `tail` as its last item when it is not empty. A piece is valid until the next is asked for. */
async function sendItems(exchange: Exchange, pieces: AsyncIterable<Buffer>, tail: string): Promise<void> {
  let isFirst = true
  try {
    for await (const piece of pieces) {
      const body = isFirst ? Buffer.concat([Buffer.from('['), piece.subarray(SEPARATOR.length)]) : piece
      isFirst = false
      if (!(await exchange.writeThrough(body))) return
    }
  } catch {
    // The shape went away half-way: a body without its end is an error to every client, an ended one would be a lie.
    exchange.response.destroy()
    return
  }
  const end = tail === '' ? ']' : `${isFirst ? '' : SEPARATOR}${tail}]`
  exchange.response.end(exchange.method === 'HEAD' ? undefined : isFirst ? `[${end}` : end)
}

function wholeBody(parts: Buffer[], tail: string): Buffer {
  if (parts.length === 0) return Buffer.from(`[${tail}]`)
  const first = parts[0] ?? Buffer.alloc(0)
  return Buffer.concat([
    Buffer.from('['),
    first.subarray(SEPARATOR.length),
    ...parts.slice(1),
    Buffer.from(tail === '' ? ']' : `${SEPARATOR}${tail}]`),
  ])
}

function maxLsn(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

let uniqueCount = 0
function uniqueSuffix(): string {
  return `:${String(Date.now())}${String(uniqueCount++ % 1000).padStart(3, '0')}`
}
