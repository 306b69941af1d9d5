import 'server-only'
import { sql } from 'drizzle-orm'
import { database } from '@/db/client'
import { entityNamed } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import { isUuid } from '@/lib/entity/fields'
import { derivedUuid, newKey } from '@/lib/entity/keys'
import type { Failure } from '@/lib/protocol/errors'
import { isJsonObject, type JsonRow } from '@/lib/protocol/json'
import { BACKLINE_HEADERS } from '@/lib/protocol/names'
import type { RejectionCode, WriteOp } from '@/lib/protocol/writes'
import { refuseForeignOrigin } from '../origin'
import { errorBody, json, PRIVATE_HEADERS, refuse } from '../respond'
import { readSession, type Session } from '../session'
import { claimedUser, SIGNED_OUT } from '../viewer'
import { applyWrites } from './apply-writes'
import { admit, openRequest } from './door'
import type { WriteAnswer } from './outcome'
import { readWrite } from './received'
import { readRows } from './statements'
import { wireRow } from './table'

/** The entity a path names; `key` names one of its rows. */
export interface Path {
  entity: string
  key?: string
}

const NO_LONGER_YOURS: Failure = { code: 'not_found', message: 'There is nothing here that you could see.' }
const NO_SUCH_ADDRESS: Failure = { code: 'not_found', message: 'There is nothing at this address.' }

/** `POST /api/:entity`: inserts one row. 201 with the row and its transaction. */
export async function handleInsert(request: Request, path: Path): Promise<Response> {
  return handleOne(request, path, (body, writeId, entity, userId) => {
    if (!isJsonObject(body)) return null
    const { id, ...values } = body
    // Made from the write's id, so that a repeated request means the same row.
    const key = id ?? entity.derivedKey?.(values as JsonRow, userId) ?? derivedUuid(writeId, 'row')
    return { op: 'insert', key, values }
  })
}

/** `PATCH /api/:entity/:key` with `{ patch, base?, baseVersion? }`. 200 with the row, 409 with the conflict. */
export async function handleUpdate(request: Request, path: Path): Promise<Response> {
  return handleOne(request, path, (body) => {
    if (!isJsonObject(body)) return null
    const { patch, base = {}, baseVersion, ...unknown } = body
    // The path's words last: a body names neither another row nor another operation.
    return {
      ...unknown,
      op: 'update',
      key: path.key,
      patch,
      base,
      ...(baseVersion === undefined ? {} : { baseVersion }),
    }
  })
}

/** `DELETE /api/:entity/:key`. 204, also when it was deleted already. */
export async function handleDelete(request: Request, path: Path): Promise<Response> {
  const foreign = refuseForeignOrigin(request)
  if (foreign) return refuse(foreign)
  const session = await readSession(request)
  if (!session) return refuse(SIGNED_OUT)
  return writeOne(request, path, { session, body: null }, () => ({ op: 'delete', key: path.key }))
}

/** Whether a path names an entity, so that another method gets 405 and anything else 404. */
export function isEntityPath({ entity }: Path): boolean {
  return entityNamed(entity) !== null
}

export function refuseAddress(): Response {
  return refuse(NO_SUCH_ADDRESS)
}

/** What a write says besides its id and entity; null when the body cannot be one. */
type MakeWrite = (
  body: unknown,
  writeId: string,
  entity: AnyEntity,
  userId: string,
) => ({ op: WriteOp } & Record<string, unknown>) | null

async function handleOne(request: Request, path: Path, make: MakeWrite): Promise<Response> {
  const opened = await openRequest(request)
  return opened.ok ? writeOne(request, path, opened, make) : opened.refusal
}

async function writeOne(
  request: Request,
  path: Path,
  { session, body }: { session: Session; body: unknown },
  make: MakeWrite,
): Promise<Response> {
  const refused = await admit(session, claimedUser(request))
  if (refused) return refuse(refused)
  const entity = entityNamed(path.entity)
  if (!entity) return refuseAddress()
  const writeId = request.headers.get(BACKLINE_HEADERS.idempotencyKey) ?? newKey()
  if (!isUuid(writeId)) return unreadable('idempotency-key: is not a uuid')
  const write = make(body, writeId, entity, session.user_id)
  if (!write) return unreadable('body: is not a JSON object')
  const drained = await applyWrites(database(), { session, clientId: null }, [
    readWrite({ ...write, id: writeId, entity: entity.name }),
  ])
  if (!drained.ok) return refuse(drained.failure)
  const [given] = drained.answers
  if (!given) throw new Error('a write was left without an answer')
  return answer(given, write.op, () => readRow(entity, String(write['key']).toLowerCase(), session.user_id))
}

function unreadable(issue: string): Response {
  return refuse({ code: 'invalid', message: 'The request cannot be read.', issues: [issue] })
}

async function answer(
  { result, row }: WriteAnswer,
  op: WriteOp,
  readNow: () => Promise<JsonRow | null>,
): Promise<Response> {
  switch (result.status) {
    case 'rejected':
      return refuse({ code: failureCode(result.code), message: result.message, issues: result.issues })
    case 'conflict': {
      const { current, fields, txid, version } = result
      const failure: Failure = { code: 'conflict', message: 'Somebody changed this meanwhile. Both versions are kept.' }
      return json({ ...errorBody(failure), current, fields, txid, version }, { status: 409 })
    }
    case 'applied': {
      if (op === 'delete') return new Response(null, { status: 204, headers: PRIVATE_HEADERS })
      // A write that was answered before is shown its row as it is now, where it is still the writer's to see.
      const shown = row ?? (await readNow())
      if (!shown) return refuse(NO_LONGER_YOURS)
      return json({ row: shown, txid: result.txid }, { status: op === 'insert' ? 201 : 200 })
    }
  }
}

function failureCode(code: RejectionCode): Failure['code'] {
  // A single write builds on no other.
  return code === 'blocked' ? 'invalid' : code
}

async function readRow(entity: AnyEntity, key: string, userId: string): Promise<JsonRow | null> {
  const [row] = await database().transaction(async (tx) => {
    await tx.execute(sql`SELECT set_config('app.user_id', ${userId}, true)`)
    return readRows(tx, entity, [key])
  })
  return row ? wireRow(entity, row) : null
}
