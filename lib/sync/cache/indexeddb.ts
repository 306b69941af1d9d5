import 'client-only'
import { wrap, type DBSchema, type IDBPDatabase, type IDBPObjectStore } from 'idb'
import { SCHEMA_VERSION } from '@/entities'
import { newKey } from '@/lib/entity/keys'
import { readEntry, type OutboxEntry } from '../outbox/entry'
import type { RowChange } from '../store/shape-state'
import {
  CacheLost,
  EpochLost,
  asSent,
  isQuotaError,
  type LocalStore,
  type ShapeCommit,
  type ShapeMeta,
} from './local-store'
import { mergedAt, present, readSegments, segmentOf, type Segment } from './segments'

/** Layout of the database; caches of another layout are rebuilt, the outbox is never dropped. */
const LAYOUT = 2

interface BacklineDb extends DBSchema {
  shapes: { key: string; value: ShapeMeta }
  /** Keyed by shape and number, so that one range is one shape, oldest first. */
  segments: { key: [shape: string, n: number]; value: Segment }
  outbox: { key: number; value: OutboxEntry }
  meta: { key: 'epoch' | 'clientId'; value: number | string }
}

type Segments = IDBPObjectStore<BacklineDb, ('shapes' | 'segments' | 'outbox' | 'meta')[], 'segments', 'readwrite'>

/** The part of the store that painting waits for. */
export type Cache = Pick<LocalStore, 'clientId' | 'readShape' | 'touchShape' | 'readOutbox'>

/** What can be read at once, and the whole store as soon as it is known that this browser writes too. */
export interface OpenedDb {
  cache: Cache
  store: Promise<LocalStore>
}

/** Opens what this browser keeps for a user; rejects where IndexedDB cannot be used (private mode, no room). */
export async function openIndexedDb(factory: IDBFactory | null, userId: string): Promise<OpenedDb> {
  const request = factory?.open(`backline-${userId}`, LAYOUT)
  request?.addEventListener('upgradeneeded', ({ oldVersion }) => layOut(request.result, oldVersion))
  // The stores are those that `layOut` makes.
  const db = request && ((await wrap(request)) as IDBPDatabase<BacklineDb> | undefined)
  if (!db) throw new Error('no database')
  // Another tab runs a newer build: let it upgrade.
  db.addEventListener('versionchange', () => db.close())
  const tx = db.transaction('meta', 'readwrite')
  const clientId = tx.store.get('clientId').then((known) => (typeof known === 'string' ? known : newKey()))
  const cache = new IndexedDbStore(db, clientId)
  // Some browsers open but refuse to write: not with the first edit shall that be found out. On a full disk what was stored can still be
  // read, and the tab goes by its id alone.
  const writes = clientId.then((id) => Promise.all([tx.store.put(id, 'clientId'), tx.done])).catch(unlessFull)
  return { cache, store: writes.then(() => cache) }
}

function layOut(database: IDBDatabase, oldLayout: number): void {
  if (oldLayout === 0) {
    database.createObjectStore('outbox', { keyPath: 'seq' })
    database.createObjectStore('meta')
  } else {
    database.deleteObjectStore('shapes')
    database.deleteObjectStore('rows')
  }
  database.createObjectStore('shapes', { keyPath: 'id' })
  database.createObjectStore('segments')
}

class IndexedDbStore implements LocalStore {
  readonly isDurable = true
  constructor(
    private readonly db: IDBPDatabase<BacklineDb>,
    private readonly id: Promise<string>,
  ) {}

  clientId(): Promise<string> {
    return this.id
  }

  async takeEpoch(): Promise<number> {
    const tx = this.db.transaction('meta', 'readwrite')
    const last = Number((await tx.store.get('epoch')) ?? 0)
    const isWritten = await Promise.all([tx.store.put(last + 1, 'epoch'), tx.done]).then(() => true, unlessFull)
    // With no room to begin a time of its own a leader goes on in the last one: better than nobody who sends.
    return isWritten ? last + 1 : last
  }

  async readShape(id: string) {
    const tx = this.db.transaction(['shapes', 'segments'])
    const [meta, segments] = await Promise.all([
      tx.objectStore('shapes').get(id),
      tx.objectStore('segments').getAll(rangeOf(id)),
    ])
    // Rows of an older schema never reach a component: the shape is fetched anew.
    return meta?.schema === SCHEMA_VERSION ? { meta, rows: present(readSegments(segments)) } : null
  }

  listShapes(): Promise<ShapeMeta[]> {
    return this.db.getAll('shapes')
  }

  async commit({ meta, baseSeq, changes, echoed }: ShapeCommit, epoch: number): Promise<void> {
    const tx = this.db.transaction(['shapes', 'segments', 'outbox', 'meta'], 'readwrite', { durability: 'relaxed' })
    await underEpoch(tx.objectStore('meta').get('epoch'), epoch, tx)
    const segments = tx.objectStore('segments')
    const known = await tx.objectStore('shapes').get(meta.id)
    if (baseSeq !== 0 && known?.seq !== baseSeq) return abandon(tx, new CacheLost())
    // What nobody read: rows of an older schema, or of a cache that could not be read.
    if (baseSeq === 0) void segments.delete(rangeOf(meta.id))
    if (changes.length > 0) await addSegment(segments, meta.id, changes)
    // Pinning and use are other tabs' to change.
    void tx.objectStore('shapes').put(known ? { ...meta, isPinned: known.isPinned, usedAt: known.usedAt } : meta)
    for (const seq of echoed) void tx.objectStore('outbox').delete(seq)
    await tx.done
  }

  async touchShape(id: string, change: Partial<Pick<ShapeMeta, 'usedAt' | 'isPinned'>>): Promise<void> {
    const tx = this.db.transaction('shapes', 'readwrite', { durability: 'relaxed' })
    const meta = await tx.store.get(id)
    if (meta) await tx.store.put({ ...meta, ...change })
    await tx.done
  }

  async dropShapes(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const tx = this.db.transaction(['shapes', 'segments'], 'readwrite', { durability: 'relaxed' })
    for (const id of ids) {
      void tx.objectStore('shapes').delete(id)
      void tx.objectStore('segments').delete(rangeOf(id))
    }
    await tx.done
  }

  async readOutbox(): Promise<OutboxEntry[]> {
    const stored: unknown[] = await this.db.getAll('outbox')
    return stored.flatMap((value) => readEntry(value) ?? [])
  }

  async append(entry: OutboxEntry): Promise<number> {
    // Strict: an acknowledged write survives a power cut, not only a killed browser.
    const tx = this.db.transaction('outbox', 'readwrite', { durability: 'strict' })
    const last = await tx.store.openKeyCursor(null, 'prev')
    const seq = Math.max(Math.floor(last?.key ?? 0) + 1, Math.floor(entry.seq))
    // Both, where the disk is full: the request may fail, or the transaction at its end.
    await Promise.all([tx.store.put({ ...entry, seq, phase: { kind: 'queued', attempts: 0, failure: null } }), tx.done])
    return seq
  }

  async replaceUnsent(entry: OutboxEntry): Promise<boolean> {
    const tx = this.db.transaction('outbox', 'readwrite', { durability: 'strict' })
    const stored = readEntry(await tx.store.get(entry.seq))
    const isUnsent = stored?.origin === entry.origin && stored.phase.kind === 'queued'
    await Promise.all([isUnsent && tx.store.put({ ...entry, phase: stored.phase }), tx.done])
    return isUnsent
  }

  async markSent(seqs: readonly number[], epoch: number): Promise<OutboxEntry[]> {
    const tx = this.db.transaction(['outbox', 'meta'], 'readwrite', { durability: 'relaxed' })
    await underEpoch(tx.objectStore('meta').get('epoch'), epoch, tx)
    const outbox = tx.objectStore('outbox')
    const stored = await Promise.all(seqs.map((seq) => outbox.get(seq)))
    const sent = stored.flatMap((value) => {
      const entry = readEntry(value)
      return entry ? [asSent(entry)] : []
    })
    for (const entry of sent) void outbox.put(entry)
    await tx.done
    return sent
  }

  async saveOutbox(puts: readonly OutboxEntry[], deleted: readonly number[], epoch: number | null): Promise<void> {
    const tx = this.db.transaction(['outbox', 'meta'], 'readwrite')
    if (epoch !== null) await underEpoch(tx.objectStore('meta').get('epoch'), epoch, tx)
    for (const entry of puts) void tx.objectStore('outbox').put(entry)
    for (const seq of deleted) void tx.objectStore('outbox').delete(seq)
    await tx.done
  }

  async wipeCache(): Promise<void> {
    const tx = this.db.transaction(['shapes', 'segments'], 'readwrite')
    void tx.objectStore('shapes').clear()
    void tx.objectStore('segments').clear()
    await tx.done
  }

  close(): void {
    this.db.close()
  }
}

/** Adds what a batch changed as the last segment of a shape; now and then it takes the ones before it in, so that they stay few. */
async function addSegment(segments: Segments, id: string, changes: readonly RowChange[]): Promise<void> {
  const last = await segments.openKeyCursor(rangeOf(id), 'prev')
  const n = (last?.key[1] ?? 0) + 1
  const first = n - mergedAt(n) + 1
  const taken = IDBKeyRange.bound([id, first], [id, n])
  const older = first < n ? await segments.getAll(taken) : []
  const told = readSegments(older)
  for (const { key, after } of changes) told.set(key, after)
  if (older.length > 0) void segments.delete(taken)
  void segments.put(segmentOf(first === 1 ? present(told) : told), [id, n])
}

/** Goes on after an error that says that the disk is full. */
function unlessFull(error: unknown): false {
  if (!isQuotaError(error)) throw error
  return false
}

function rangeOf(id: string): IDBKeyRange {
  return IDBKeyRange.bound([id], [id, []])
}

interface Abortable {
  abort(): void
  done: Promise<void>
}

async function underEpoch(stored: Promise<unknown>, epoch: number, tx: Abortable): Promise<void> {
  // With no room a leader may have had to begin without writing any.
  if (((await stored) ?? 0) === epoch) return
  await abandon(tx, new EpochLost())
}

/** Ends a transaction so that nothing of it is stored. */
async function abandon(tx: Abortable, reason: Error): Promise<never> {
  const ended = tx.done.catch(() => undefined)
  tx.abort()
  await ended
  throw reason
}
