import 'server-only'
import * as z from 'zod'
import type { Database } from '@/db/client'
import { readSession } from '../session'
import { endPresence } from '../writes/presence'
import type { Caller } from './caller'
import { malformed, type Outcome } from './outcome'
import { answerSignedOut } from './session-answers'

const form = z.object({ client_id: z.uuid().optional() })

/** Which browser signs out: the id it tells its presence under. */
export async function readSignOut(_db: Database, input: unknown): Promise<Outcome<{ clientId: string | null }>> {
  const read = form.safeParse(input)
  return read.success ? { ok: true, clientId: read.data.client_id ?? null } : malformed(read.error)
}

/** Answers that this browser is signed out; whoever was here in it is gone for the others at once. */
export async function answerLeft(
  { clientId }: { clientId: string | null },
  caller: Caller,
  request: Request,
): Promise<Response> {
  const session = clientId === null ? null : await readSession(request)
  if (session && clientId !== null) await endPresence(session.user_id, clientId)
  return answerSignedOut(request, caller)
}
