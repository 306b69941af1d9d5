import http from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorText } from '../log'
import type { Service } from '../service'
import { Admission } from './admission'
import { lastOfEach, readAsked, RecentlyAsked } from './asked'
import { readBody } from './body'
import { deleteShape } from './delete-shape'
import { Exchange } from './exchange'
import { commonHeaders, preflightHeaders } from './headers'
import { serveShape } from './serve-shape'

/** The HTTP server: routes, secret, and what must never take it down. */
export function createListener(service: Service): http.Server {
  const { config } = service
  const doors = { service, admission: new Admission(config), recent: new RecentlyAsked() }
  const server = http.createServer({ keepAliveTimeout: config.tcpReadTimeoutMs }, (request, response) => {
    handle(doors, request, response).catch((error: unknown) => {
      service.log.error('request_failed', {
        message: errorText(error),
        stack: error instanceof Error ? error.stack : '',
      })
      if (response.headersSent) response.destroy()
      else response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"Internal server error"}')
    })
  })
  // Long polls and event streams outlive node's defaults.
  server.requestTimeout = 0
  server.timeout = 0
  return server
}

/** What all requests share. */
interface Doors {
  service: Service
  admission: Admission
  recent: RecentlyAsked
}

async function handle(doors: Doors, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { service } = doors
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  const path = normalisePath(mark === -1 ? target : target.slice(0, mark))
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (path === SHAPE_PATH) {
    const exchange = new Exchange(request, response, service.config)
    watch(doors, exchange)
    return handleShape(doors, exchange, mark === -1 ? '' : target.slice(mark + 1))
  }
  if (path === '/v1/health' && isRead) return sendHealth(service, request, response)
  if (path === '/' && isRead) return sendPlain(request, response, 200, '')
  sendPlain(request, response, 404, 'Not found')
}

/** Counts a request, and frees what it holds when its response closes. */
function watch({ service, admission }: Doors, exchange: Exchange): void {
  const { response } = exchange
  const begun = performance.now()
  tellOfEnd(exchange)
  service.requests.open++
  response.once('close', () => {
    service.requests.open--
    admission.leave(exchange)
    exchange.close()
    if (!response.writableFinished) return
    // The time of a held poll says nothing about the server.
    const durationMs = exchange.facts.live === 'no' ? performance.now() - begun : null
    service.requests.record(response.statusCode, durationMs)
  })
}

/** Of a connection that closes node tells the response whose turn it is; those that wait behind it (pipelining) are told here. */
function tellOfEnd({ request, response }: Exchange): void {
  if (response.socket !== null) return
  const { socket } = request
  const tell = () => {
    response.destroy()
    response.emit('close')
  }
  socket.once('close', tell)
  response.once('close', () => socket.off('close', tell))
}

const SHAPE_PATH = '/v1/shape'

/** `/v1//shape`, `/v1/%73hape` and `/v1/shape/` are all the shape route, and all ask for the secret. */
function normalisePath(path: string): string {
  if (path === SHAPE_PATH) return path
  const parts = path.split('/').filter((part) => part !== '')
  return `/${parts.map((part) => (part.includes('%') ? safeDecode(part) : part)).join('/')}`
}

function safeDecode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

async function handleShape(doors: Doors, exchange: Exchange, queryText: string): Promise<void> {
  const { service, admission } = doors
  const { method, config, request, response } = exchange
  if (method === 'OPTIONS') {
    response.writeHead(204, [...commonHeaders(request, SHAPE_METHODS), ...preflightHeaders(request)]).end()
    return
  }
  if (!['GET', 'HEAD', 'POST', 'DELETE'].includes(method)) return sendPlain(request, response, 404, 'Not found')
  let asked = doors.recent.read(queryText)
  if (config.auth.kind === 'secret' && !isSame(asked.secret ?? '', config.auth.secret)) {
    return exchange.sendJson(401, { message: 'Unauthorized - Invalid API secret' })
  }
  if (method === 'DELETE') return deleteShape(service, exchange, lastOfEach(new URLSearchParams(queryText)))
  const isKnown = service.registry.byHandle.has(asked.handle ?? '')
  if (!admission.enter(exchange, isKnown ? 'existing' : 'initial')) return
  if (service.stream.status !== 'active' && !(await becomesActive(service, exchange))) {
    return exchange.sendJson(503, { message: 'Timeout waiting for Postgres lock acquisition' }, ['retry-after', '5'])
  }
  if (method === 'POST') {
    const read = await readBody(request)
    if (!read.ok) return sendBadBody(exchange, read.status, read.answer)
    asked = readAsked(mergeBody(new URLSearchParams(queryText), read.body), read.body)
  }
  return serveShape(service, exchange, asked, () => admission.becomeExisting(exchange))
}

/** Refusals of a body come before the shape is looked at, with the HTTP server's own cache rule. */
function sendBadBody(exchange: Exchange, status: number, answer: Record<string, string>): void {
  const body = JSON.stringify(answer)
  exchange.response.writeHead(status, [
    ...commonHeaders(exchange.request, SHAPE_METHODS),
    'cache-control',
    'max-age=0, private, must-revalidate',
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(body)),
  ])
  exchange.response.end(body)
}

const SUBSET_FIELDS = ['subset', 'where', 'order_by', 'limit', 'offset', 'params', 'where_expr', 'order_by_expr']

/** What a body says beside its subset counts as parameters, and wins. */
function mergeBody(query: URLSearchParams, body: { [key: string]: unknown } | null): URLSearchParams {
  for (const [key, value] of Object.entries(body ?? {})) {
    if (SUBSET_FIELDS.includes(key)) continue
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      query.set(key, String(value))
  }
  return query
}

const SHAPE_METHODS = 'GET, POST, HEAD, DELETE, OPTIONS'
const READY_TIMEOUT_MS = 5000

function becomesActive(service: Service, exchange: Exchange): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isActive: boolean) => {
      clearTimeout(timer)
      forget()
      exchange.tellWhenGone(null)
      resolve(isActive)
    }
    const timer = setTimeout(finish, READY_TIMEOUT_MS, false)
    // Taken back: while the database is away, nothing is kept for requests that were answered or given up.
    let forget = () => {}
    forget = service.stream.whenActive(() => finish(true))
    exchange.tellWhenGone(() => finish(false))
  })
}

/** Compares without telling by its time where the difference is. */
function isSame(given: string, secret: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(secret)
  let difference = a.length ^ b.length
  for (let i = 0; i < b.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

function sendHealth(service: Service, request: IncomingMessage, response: ServerResponse): void {
  const status = service.stream.status === 'asleep' ? 'active' : service.stream.status
  const { failure } = service.flusher
  const body = JSON.stringify(failure === null ? { status } : { status: 'storage_failing', message: failure })
  response.writeHead(failure === null ? (status === 'active' ? 200 : 202) : 503, [
    ...commonHeaders(request, 'GET, HEAD'),
    'content-type',
    'application/json; charset=utf-8',
    'cache-control',
    'no-cache, no-store, must-revalidate',
    'content-length',
    String(Buffer.byteLength(body)),
  ])
  response.end(request.method === 'HEAD' ? undefined : body)
}

function sendPlain(request: IncomingMessage, response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, [
    ...commonHeaders(request, 'GET, HEAD'),
    'content-type',
    'text/plain; charset=utf-8',
    'content-length',
    String(body.length),
  ])
  response.end(request.method === 'HEAD' ? undefined : body)
}
