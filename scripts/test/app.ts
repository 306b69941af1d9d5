import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { fileURLToPath } from 'node:url'
import { NextRequest } from 'next/server'
import { encode } from 'next-auth/jwt'
import { vi } from 'vitest'
import { tellPeerAddresses } from '@/lib/server/peer-address'
import type { TestDatabase } from './database'
import { matchRoute, readRoutes } from './route-table'
import type { TestSyncService } from './sync-service'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const AUTH_SECRET = 'app-test-secret-app-test-secret'

export type TestApp = AsyncDisposable & {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  url: string
  /** Asks `path` as the user of this id, with a session of the version the database starts people with; see also `cookieOf`. */
  as(userId: string, sessionVersion?: number): (path: string, init?: RequestInit) => Promise<Response>
  /** The `cookie` header of a signed-in user. */
  cookieOf(userId: string, sessionVersion?: number): Promise<string>
}

export type TestAppOptions = {
  sync?: Pick<TestSyncService, 'url' | 'secret'>
  /** Environment variables on top, e.g. `{ DATABASE_DRIVER: 'neon' }`. */
  settings?: Record<string, string>
}

/**
 * Serves the real route handlers of app/api over HTTP in this process: doors are driven as clients drive them, without a Next build.
 * Bodies stream both ways, and a client that goes away aborts `request.signal`. What Next itself does before a handler runs (merging
 * `//`, trailing slashes, rewrites, headers) is not here: e2e/ tests it on the production build.
 */
export async function testApp(db: TestDatabase, { sync, settings = {} }: TestAppOptions = {}): Promise<TestApp> {
  const variables = {
    DATABASE_URL: db.appUrl,
    ELECTRIC_URL: sync?.url ?? 'http://127.0.0.1:9',
    ELECTRIC_SECRET: sync?.secret ?? '',
    AUTH_SECRET,
    AUTH_TRUST_HOST: '1',
    ...settings,
  }
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  // Settings and the connection pool are kept per module instance: each app gets its own.
  vi.resetModules()
  tellPeerAddresses()
  const routes = readRoutes(root, 'app/api')
  const server = createServer((request, response) => {
    void answer(routes, request, response).catch((error: unknown) => {
      console.error(error)
      response.destroy()
    })
  })
  // A busy test process must not meet a connection that closed a moment ago.
  server.keepAliveTimeout = 120_000
  const url = await listen(server)
  const cookieOf = async (userId: string, sessionVersion = 1) => {
    const token = await encode({
      token: { sub: userId, session_id: randomUUID(), session_version: sessionVersion },
      secret: AUTH_SECRET,
      maxAge: 3600,
    })
    return `next-auth.session-token=${token}`
  }
  return {
    url,
    cookieOf,
    as: (userId, sessionVersion) => async (path, init) => {
      const headers = new Headers(init?.headers)
      headers.set('cookie', await cookieOf(userId, sessionVersion))
      return fetch(`${url}${path}`, { redirect: 'manual', ...init, headers })
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await closeDatabase()
      vi.unstubAllEnvs()
    },
  }
}

type Handler = (
  request: NextRequest,
  context: { params: Promise<Record<string, string | string[]>> },
) => Promise<Response>

async function answer(
  routes: ReturnType<typeof readRoutes>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host ?? '127.0.0.1'}`)
  const match = matchRoute(routes, url.pathname)
  if (match === undefined) return void outgoing.writeHead(404).end()
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  // Before anything is waited for: a client that leaves meanwhile takes its body along, and no request can be made of that.
  const request = toRequest(incoming, url, gone.signal)
  const loaded: unknown = await import(/* @vite-ignore */ join(root, match.file))
  const handler = handlerOf(loaded, incoming.method ?? 'GET')
  if (handler === undefined) return void outgoing.writeHead(405).end()
  await send(await handler(request, { params: Promise.resolve(match.params) }), incoming, outgoing)
}

/** Next answers HEAD with GET's handler, without the body. */
function handlerOf(loaded: unknown, method: string): Handler | undefined {
  const handlers = loaded as Record<string, Handler | undefined>
  return handlers[method] ?? (method === 'HEAD' ? handlers.GET : undefined)
}

function toRequest(incoming: IncomingMessage, url: URL, signal: AbortSignal): NextRequest {
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headersDistinct))
    for (const one of value ?? []) headers.append(name, one)
  const method = incoming.method ?? 'GET'
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const body = hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' as const } : {}
  return new NextRequest(url, { method, headers, signal, ...body })
}

async function send(response: Response, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const cookies = response.headers.getSetCookie()
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== 'set-cookie'))
  outgoing.writeHead(response.status, { ...headers, ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) })
  if (response.body === null || incoming.method === 'HEAD') return void outgoing.end()
  outgoing.flushHeaders()
  try {
    await pipeline(Readable.fromWeb(response.body as NodeReadableStream), outgoing)
  } catch (error) {
    // The client left, which cancels the body, or the body failed, which must look like a broken connection.
    if (!outgoing.destroyed) throw error
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A listening TCP server has no port')
  return `http://127.0.0.1:${address.port}`
}

/** The app's process-wide pool (db/client.ts) leads to this database; the next app opens its own. */
async function closeDatabase(): Promise<void> {
  const holder = globalThis as { [processWide]?: AsyncDisposable }
  await holder[processWide]?.[Symbol.asyncDispose]()
  delete holder[processWide]
}

const processWide = Symbol.for('backline.database')
