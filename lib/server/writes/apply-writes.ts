import 'server-only'
import type { Database } from '@/db/client'
import type { Failure } from '@/lib/protocol/errors'
import { SIGNED_OUT } from '../viewer'
import { runBatch, SignedOut, type Sender } from './batch'
import { failureKind } from './failures'
import type { Rejection, WriteAnswer } from './outcome'
import type { Received } from './received'
import { RejectedWrites } from './rejected'
import { inTurn } from './turns'

export type Drained = { ok: true; answers: WriteAnswer[] } | { ok: false; failure: Failure }

/** A deadlock is broken by ending one of those in it; the others are done by the time it is tried again. */
const ATTEMPTS_MAX = 10

/**
 * Carries out the writes of one request in their order: one answer for each. They share a transaction; where a statement fails, they are
 * redone in halves down to the one that the database refuses. Expected failures: `signed_out`, `unavailable`.
 */
export async function applyWrites(
  db: Pick<Database, 'transaction'>,
  sender: Sender,
  items: readonly Received[],
): Promise<Drained> {
  try {
    const answers = inTurn(sender.session.user_id, () => drain(db, sender, items, { rejected: new RejectedWrites() }))
    return answers ? { ok: true, answers: await answers } : { ok: false, failure: BUSY }
  } catch (error) {
    if (error instanceof SignedOut) return { ok: false, failure: SIGNED_OUT }
    if (error instanceof TooBusy) return { ok: false, failure: BUSY }
    throw error
  }
}

const BUSY: Failure = {
  code: 'unavailable',
  message: 'Too much is happening at once. Your change is safe here and will be tried again.',
  retryAfterSeconds: 1,
}

class TooBusy extends Error {
  override name = 'TooBusy'
}

/** `progress.rejected` grows with every transaction that is committed. */
async function drain(
  db: Pick<Database, 'transaction'>,
  sender: Sender,
  items: readonly Received[],
  progress: { rejected: RejectedWrites },
): Promise<WriteAnswer[]> {
  const done = await commit(db, sender, items, progress)
  if (!('kind' in done)) return done
  const [only] = items
  if (items.length === 1 && only) return [refusedAnswer(only, done, progress.rejected)]
  const middle = items.length >> 1
  const first = await drain(db, sender, items.slice(0, middle), progress)
  return [...first, ...(await drain(db, sender, items.slice(middle), progress))]
}

/** Runs one transaction until it commits or the database refuses something in it. */
async function commit(
  db: Pick<Database, 'transaction'>,
  sender: Sender,
  items: readonly Received[],
  progress: { rejected: RejectedWrites },
): Promise<WriteAnswer[] | Rejection> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const rejected = new RejectedWrites(progress.rejected)
    try {
      const answers = await db.transaction((tx) => runBatch(tx, sender, items, rejected))
      progress.rejected = rejected
      return answers
    } catch (error) {
      const failure = failureKind(error)
      if (failure.kind === 'broken') throw error
      if (failure.kind === 'refused') return failure.rejection
    }
  }
  throw new TooBusy()
}

function refusedAnswer(item: Received, { code, message, issues }: Rejection, rejected: RejectedWrites): WriteAnswer {
  if (item.kind === 'understood') {
    const { write } = item
    rejected.add({ ...write, fields: 'patch' in write ? Object.keys(write.patch) : [] })
  }
  return { result: { id: item.id, status: 'rejected', code, message, issues }, row: null }
}
