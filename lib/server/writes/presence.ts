import 'server-only'
import { sql } from 'drizzle-orm'
import { database } from '@/db/client'
import { presence } from '@/entities/presence'
import { mayInsert } from '@/lib/entity/access'
import { derivedUuid } from '@/lib/entity/keys'
import type { Failure } from '@/lib/protocol/errors'
import { isJsonObject, textIn, type JsonRow } from '@/lib/protocol/json'
import { limits, takeFromLimit } from '../rate-limit'
import { PRIVATE_HEADERS, refuse } from '../respond'
import { authenticate } from '../viewer'
import { openRequest } from './door'
import { failureKind } from './failures'

/** A row that was not renewed for so long is gone: by the server's clock (the policy `deletes` knows the same number). */
const SILENCE_SECONDS = 45

/**
 * `POST /api/presence`: tells a band where one is, on change and every 30 s. The body is
 * `{ userId?, band_id, client_id, page?, editing_entity?, editing_id? }`, or with `"gone": true` for leaving (pages send that as a
 * beacon when they close). 204. Each call also removes the band's rows that fell silent.
 */
export async function handlePresence(request: Request): Promise<Response> {
  const opened = await openRequest(request)
  if (!opened.ok) return opened.refusal
  const read = readHeartbeat(opened.body)
  if (!read) return refuse(UNREADABLE)
  const authenticated = await authenticate(request, read.userId)
  if (!authenticated.ok) return refuse(authenticated.failure)
  const { viewer } = authenticated
  const limited = await takeFromLimit(database(), limits().writes, viewer.user_id)
  if (limited) return refuse(limited)
  const band = textIn(read.values, presence.scope.column)
  if (!mayInsert(presence, band, { ...read.values, user_id: viewer.user_id }, viewer)) return refuse(NOT_YOURS)
  try {
    await tell(viewer.user_id, band, read)
  } catch (error) {
    // Removed a moment ago.
    if (failureKind(error).kind === 'refused') return refuse(NOT_YOURS)
    throw error
  }
  return new Response(null, { status: 204, headers: PRIVATE_HEADERS })
}

/** Ends somebody's being here at once: in one of their browsers, or in all of them where `clientId` is null. */
export async function endPresence(userId: string, clientId: string | null): Promise<void> {
  await database().transaction(async (tx) => {
    await tx.execute(sql`SELECT set_config('app.user_id', ${userId}, true)`)
    await tx.execute(sql`
      DELETE FROM presence
      WHERE user_id = ${userId}::uuid AND (${clientId}::uuid IS NULL OR client_id = ${clientId}::uuid)
    `)
  })
}

const UNREADABLE: Failure = { code: 'invalid', message: 'The request cannot be read.' }
const NOT_YOURS: Failure = { code: 'forbidden', message: 'You are not a member here.' }

interface Heartbeat {
  userId: string | null
  gone: boolean
  values: JsonRow
}

function readHeartbeat(body: unknown): Heartbeat | null {
  if (!isJsonObject(body)) return null
  const { userId = null, gone = false, ...values } = body
  if ((userId !== null && typeof userId !== 'string') || typeof gone !== 'boolean') return null
  const parsed = presence.insert.safeParse(values)
  return parsed.success ? { userId, gone, values: parsed.data } : null
}

async function tell(userId: string, band: string, { values, gone }: Heartbeat): Promise<void> {
  // One row for each browser of each person in each band, so that a heartbeat needs no key of its own.
  const id = derivedUuid(textIn(values, 'client_id'), `${userId}:${band}`)
  const { client_id, page = null, editing_entity = null, editing_id = null } = values
  await database().transaction(async (tx) => {
    await tx.execute(sql`SELECT set_config('app.user_id', ${userId}, true)`)
    await tx.execute(
      gone
        ? sql`DELETE FROM presence WHERE id = ${id}::uuid`
        : sql`
          INSERT INTO presence (id, band_id, client_id, page, editing_entity, editing_id)
          VALUES (${id}::uuid, ${band}::uuid, ${client_id}::uuid, ${page}, ${editing_entity}, ${editing_id}::uuid)
          ON CONFLICT (id) DO UPDATE SET page = excluded.page, editing_entity = excluded.editing_entity,
            editing_id = excluded.editing_id, last_seen_at = clock_timestamp()`,
    )
    // One heartbeat of a band at a time: two that each renewed a row which the other still saw as silent would wait for each other.
    await tx.execute(sql`
      DELETE FROM presence
      WHERE band_id = ${band}::uuid AND last_seen_at < clock_timestamp() - make_interval(secs => ${SILENCE_SECONDS})
        AND (SELECT pg_try_advisory_xact_lock(hashtextextended(${`presence:${band}`}, 0)))
    `)
  })
}
