import { randomUUID } from 'node:crypto'
import type { WireWrite, WriteResult } from '@/lib/protocol/writes'
import type { TestApp } from './app'

/** A write whose id need not be named. */
export type Draft = WireWrite extends infer W ? (W extends WireWrite ? Omit<W, 'id'> & { id?: string } : never) : never

/** Someone at the write door. */
export interface Writer {
  userId: string
  clientId: string
  /** Sends writes in one request and gives their results. Throws when the door answers anything but 200. */
  send(...writes: Draft[]): Promise<WriteResult[]>
  /** Sends one write and gives its result. */
  one(write: Draft): Promise<WriteResult>
  /** Posts anything and gives the whole answer. */
  post(body: unknown, headers?: Record<string, string>): Promise<{ status: number; headers: Headers; body: unknown }>
}

/** Drives `POST /api/writes` of a test app as a signed-in person. */
export function writerOf(app: TestApp, userId: string): Writer {
  const ask = app.as(userId)
  const clientId = randomUUID()
  const post: Writer['post'] = async (body, headers = {}) => {
    const response = await ask('/api/writes', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: response.status, headers: response.headers, body: await response.json() }
  }
  const send: Writer['send'] = async (...writes) => {
    const drafts = writes.map((write) => ({ id: randomUUID(), ...write }))
    const { status, body } = await post({ userId, clientId, writes: drafts })
    if (status !== 200) throw new Error(`the write door answered ${status}: ${JSON.stringify(body)}`)
    return (body as { results: WriteResult[] }).results
  }
  return {
    userId,
    clientId,
    post,
    send,
    one: async (write) => {
      const [result] = await send(write)
      if (!result) throw new Error('the write door answered no result')
      return result
    },
  }
}

/** Expects an applied result, to read its txid and version. */
export function applied(result: WriteResult | undefined): Extract<WriteResult, { status: 'applied' }> {
  if (result?.status !== 'applied') throw new Error(`expected an applied write, got ${JSON.stringify(result)}`)
  return result
}

/** Expects a conflict. */
export function conflict(result: WriteResult | undefined): Extract<WriteResult, { status: 'conflict' }> {
  if (result?.status !== 'conflict') throw new Error(`expected a conflict, got ${JSON.stringify(result)}`)
  return result
}

/** The code of a rejected result. */
export function rejection(result: WriteResult | undefined): string {
  if (result?.status !== 'rejected') throw new Error(`expected a rejected write, got ${JSON.stringify(result)}`)
  return result.code
}

/** Short words for a result: `applied`, `conflict`, `rejected:invalid`. */
export function verdict(result: WriteResult | undefined): string {
  return result?.status === 'rejected' ? `rejected:${result.code}` : (result?.status ?? 'none')
}
