import http from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorText } from '../log'
import type { Service } from '../service'
import { Exchange } from './exchange'
import { commonHeaders, preflightHeaders } from './headers'
import { serveShape } from './serve-shape'

/** The HTTP server: routes, secret, and what must never take it down. */
export function createListener(service: Service): http.Server {
  const { config } = service
  const server = http.createServer({ keepAliveTimeout: config.tcpReadTimeoutMs }, (request, response) => {
    handle(service, request, response).catch((error: unknown) => {
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

async function handle(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  const path = normalisePath(mark === -1 ? target : target.slice(0, mark))
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (path === '/v1/shape') {
    const query = new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1))
    return handleShape(service, new Exchange(request, response, query, service.config))
  }
  if (path === '/v1/health' && isRead) return sendHealth(service, request, response)
  if (path === '/' && isRead) return sendPlain(request, response, 200, '')
  sendPlain(request, response, 404, 'Not found')
}

/** `/v1//shape`, `/v1/%73hape` and `/v1/shape/` are all the shape route, and all ask for the secret. */
function normalisePath(path: string): string {
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

async function handleShape(service: Service, exchange: Exchange): Promise<void> {
  const { method, config } = exchange
  if (method === 'OPTIONS') {
    const { request, response } = exchange
    response.writeHead(204, [...commonHeaders(request, SHAPE_METHODS), ...preflightHeaders(request)]).end()
    return
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return sendPlain(exchange.request, exchange.response, 404, 'Not found')
  }
  const secret = exchange.query.get('secret') ?? exchange.query.get('api_secret')
  if (config.auth.kind === 'secret' && !isSame(secret ?? '', config.auth.secret)) {
    return exchange.sendJson(401, { message: 'Unauthorized - Invalid API secret' })
  }
  if (service.stream.status !== 'active' && !(await becomesActive(service, exchange.gone))) {
    return exchange.sendJson(503, { message: 'Timeout waiting for Postgres lock acquisition' }, ['retry-after', '5'])
  }
  return serveShape(service, exchange)
}

const SHAPE_METHODS = 'GET, POST, HEAD, DELETE, OPTIONS'
const READY_TIMEOUT_MS = 5000

function becomesActive(service: Service, gone: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), READY_TIMEOUT_MS)
    gone.addEventListener('abort', () => clearTimeout(timer))
    void service.stream.active().then(() => {
      clearTimeout(timer)
      resolve(true)
    })
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
  const { status } = service.stream
  const body = JSON.stringify({ status })
  response.writeHead(status === 'active' ? 200 : 202, [
    ...commonHeaders(request, 'GET, HEAD'),
    'content-type',
    'application/json; charset=utf-8',
    'cache-control',
    'no-cache, no-store, must-revalidate',
    'content-length',
    String(body.length),
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
