import { randomUUID } from 'node:crypto'
import type { JsonRow } from '@/lib/protocol/json'
import type { WriteResult } from '@/lib/protocol/writes'
import type { TestApp } from '../app'
import type { Draft } from '../writer'

/** What a door answered: `done`, the code of a refusal, or `401`. */
export type Verdict = string

/** A door for writes, driven by the person of this id; null is somebody signed out. */
export interface Door {
  insert(userId: string | null, entity: string, key: string, values: JsonRow): Promise<Verdict>
  update(userId: string | null, entity: string, key: string, patch: JsonRow): Promise<Verdict>
  remove(userId: string | null, entity: string, key: string): Promise<Verdict>
}

export interface WritesDoor extends Door {
  restore(userId: string | null, entity: string, key: string): Promise<Verdict>
  /** The whole result of one write, but for its id. */
  raw(userId: string | null, write: Draft): Promise<unknown>
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** `POST /api/writes`, one write a request. */
export function writesDoor(app: TestApp): WritesDoor {
  const send = async (userId: string | null, write: Draft): Promise<WriteResult | number> => {
    const body = JSON.stringify({ writes: [{ id: randomUUID(), ...write }] })
    const response = await ask(app, userId)('/api/writes', { method: 'POST', body, headers: JSON_TYPE })
    if (response.status !== 200) return response.status
    const { results } = (await response.json()) as { results: WriteResult[] }
    const [result] = results
    if (!result) throw new Error('the write door answered no result')
    return result
  }
  const verdict = async (userId: string | null, write: Draft): Promise<Verdict> => {
    const result = await send(userId, write)
    if (typeof result === 'number') return String(result)
    if (result.status === 'rejected') return result.code
    return result.status === 'applied' ? 'done' : result.status
  }
  return {
    insert: (userId, entity, key, values) => verdict(userId, { entity, op: 'insert', key, values }),
    update: (userId, entity, key, patch) => verdict(userId, { entity, op: 'update', key, patch }),
    remove: (userId, entity, key) => verdict(userId, { entity, op: 'delete', key }),
    restore: (userId, entity, key) => verdict(userId, { entity, op: 'restore', key }),
    raw: async (userId, write) => {
      const result = await send(userId, write)
      return typeof result === 'number' ? result : { ...result, id: null }
    },
  }
}

/** `POST`, `PATCH` and `DELETE` of single rows. */
export function restDoor(app: TestApp): Door {
  const verdict = async (userId: string | null, path: string, method: string, body?: JsonRow): Promise<Verdict> => {
    const response = await ask(app, userId)(path, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: JSON_TYPE } : {}),
    })
    if (response.ok) return 'done'
    if (response.status === 401) return '401'
    const { error } = (await response.json()) as { error: { code: string } }
    return error.code
  }
  return {
    insert: (userId, entity, key, values) => verdict(userId, `/api/${entity}`, 'POST', { id: key, ...values }),
    update: (userId, entity, key, patch) => verdict(userId, `/api/${entity}/${key}`, 'PATCH', { patch }),
    remove: (userId, entity, key) => verdict(userId, `/api/${entity}/${key}`, 'DELETE'),
  }
}

function ask(app: TestApp, userId: string | null) {
  if (userId !== null) return app.as(userId)
  return (path: string, init?: RequestInit) => fetch(`${app.url}${path}`, init)
}
