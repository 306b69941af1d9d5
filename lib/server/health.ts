import 'server-only'
import { sql } from 'drizzle-orm'
import { database } from '@/db/client'
import { isJsonObject } from '@/lib/protocol/json'
import { env } from './env'
import { json } from './respond'

type PartStatus = 'ok' | 'starting' | 'down'

export interface Health {
  status: 'ok' | 'degraded'
  database: PartStatus
  /** The sync service. */
  electric: PartStatus
}

/** How long a part may take to answer before it counts as down. */
const PATIENCE_MS = 3_000

/** `GET /api/health`: 200 when all parts work, else 503. Open to everyone, so it says nothing but this. */
export async function answerHealth(): Promise<Response> {
  const [databaseStatus, electric] = await Promise.all([databaseHealth(), electricHealth()])
  const status = databaseStatus === 'ok' && electric === 'ok' ? 'ok' : 'degraded'
  const health: Health = { status, database: databaseStatus, electric }
  return json(health, { status: status === 'ok' ? 200 : 503 })
}

async function databaseHealth(): Promise<PartStatus> {
  try {
    await inTime(() => database().execute(sql`select 1`))
    return 'ok'
  } catch {
    return 'down'
  }
}

/** The sync service answers 200 `active`, 202 while it `waits` or `starts`. */
async function electricHealth(): Promise<PartStatus> {
  try {
    return await inTime(async (signal) => {
      const response = await fetch(`${env().electricUrl}/v1/health`, { cache: 'no-store', signal })
      const body: unknown = await response.json()
      if (!isJsonObject(body)) return 'down'
      return body['status'] === 'active' ? 'ok' : response.status === 202 ? 'starting' : 'down'
    })
  } catch {
    return 'down'
  }
}

/** Rejects when the part takes too long; not left to fetch, which may forget the signal while a body is coming (lib/server/read/upstream.ts). */
function inTime<T>(ask: (signal: AbortSignal) => PromiseLike<T>): Promise<T> {
  const patience = AbortSignal.timeout(PATIENCE_MS)
  const late = new Promise<never>((_, reject) => {
    patience.addEventListener('abort', () => reject(patience.reason), { once: true })
  })
  return Promise.race([ask(patience), late])
}
