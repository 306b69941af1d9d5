import 'server-only'
import { database } from '@/db/client'
import { processWide } from './process-wide'
import { readStoredViewers, type StoredViewer } from './stored-viewer'

/** Queries that may run at once: one slow connection must not hold up everybody's checks. */
const RUNNING_MAX = 4
/** A query that takes longer has failed: the database hangs, or the way to it does. */
export const PATIENCE_MS = 10_000

/** The database did not answer in time; `code` makes it an outage that may pass. */
class NoAnswer extends Error {
  override name = 'NoAnswer'
  readonly code = 'ETIMEDOUT'
}

type ReadMany = (userIds: readonly string[]) => Promise<ReadonlyMap<string, StoredViewer>>

interface Batch {
  userIds: Set<string>
  answer: Promise<ReadonlyMap<string, StoredViewer>>
  begin: () => void
}

/**
 * Reads viewers, many in one query. A request joins the query that waits to begin, never one that is running: what it
 * learns was true after it asked.
 */
export class ViewerQueue {
  readonly #readMany: ReadMany
  #waiting: Batch | null = null
  #running = 0

  constructor(readMany: ReadMany) {
    this.#readMany = readMany
  }

  /** The viewer as stored at some moment after this call; undefined for people unknown or closed. Rejects with the query. */
  async read(userId: string): Promise<StoredViewer | undefined> {
    return (await this.readAll([userId])).get(userId)
  }

  /** The same for many at once. Others may be in the answer as well; people unknown or closed are not. */
  readAll(userIds: Iterable<string>): Promise<ReadonlyMap<string, StoredViewer>> {
    const batch = this.#waiting ?? this.#open()
    for (const userId of userIds) batch.userIds.add(userId)
    return batch.answer
  }

  #open(): Batch {
    const userIds = new Set<string>()
    let begin = () => {}
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const answer = begun.then(() => inTime(this.#readMany([...userIds])))
    const batch = { userIds, answer, begin }
    this.#waiting = batch
    // After the microtasks: everyone who was woken by the same answer gets in.
    if (this.#running < RUNNING_MAX) setImmediate(() => this.#begin(batch))
    return batch
  }

  #begin(batch: Batch): void {
    if (this.#waiting !== batch) return
    this.#waiting = null
    this.#running += 1
    const ended = () => {
      this.#running -= 1
      if (this.#waiting) this.#begin(this.#waiting)
    }
    batch.answer.then(ended, ended)
    batch.begin()
  }
}

function inTime<T>(query: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoAnswer('the database did not tell in time who this is')), PATIENCE_MS)
    query.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** The queue of this process. */
export function viewerQueue(): ViewerQueue {
  return processWide('viewer-queue', () => new ViewerQueue((userIds) => readStoredViewers(database(), userIds)))
}
