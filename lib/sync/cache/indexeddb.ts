import 'client-only'
import { wrap, type DBSchema, type IDBPDatabase } from 'idb'
import { SCHEMA_VERSION } from '@/entities'
import { newKey } from '@/lib/entity/keys'
import type { JsonRow } from '@/lib/protocol/json'
import { readEntry, type OutboxEntry } from '../outbox/entry'
import {
  CacheLost,
  EpochLost,
  asSent,
  isQuotaError,
  type LocalStore,
  type ShapeCommit,
  type ShapeMeta,
} from './local-store'

/** Layout of the database; caches of another layout are rebuilt, the outbox is never dropped. */
const LAYOUT = 1

interface BacklineDb extends DBSchema {
  shapes: { key: string; value: ShapeMeta }
  /** Keyed by shape and row, so that one range is one shape. */
  rows: { key: [shape: string, row: string]; value: JsonRow }
  outbox: { key: number; value: OutboxEntry }
  meta: { key: 'epoch' | 'clientId'; value: number | string }
}

/** The part of the store that painting waits for. */
export type Cache = Pick<LocalStore, 'readShape' | 'touchShape'>

/** What can be read at once, and the whole store as soon as it is known that this browser writes too. */
export interface OpenedDb {
  cache: Cache
  store: Promise<LocalStore>
}

/** Opens what this browser keeps for a user; rejects where IndexedDB cannot be used (private mode, no room). */
export async function openIndexedDb(factory: IDBFactory | null, userId: string): Promise<OpenedDb> {
  const request = factory?.open(`backline-${userId}`, LAYOUT)
  request?.addEventListener('upgradeneeded', () => layOut(request.result))
  // The stores are those that `layOut` makes.
  const db = request && ((await wrap(request)) as IDBPDatabase<BacklineDb> | undefined)
  if (!db) throw new Error('no database')
  // Another tab runs a newer build: let it upgrade.
  db.addEventListener('versionchange', () => db.close())
  const cache = new IndexedDbStore(db)
  return { cache, store: findOutWhetherItWrites(db).then(() => cache) }
}

/** Some browsers open but refuse to write: not with the first edit shall that be found out. On a full disk what was stored can still be read. */
async function findOutWhetherItWrites(db: IDBPDatabase<BacklineDb>): Promise<void> {
  const tx = db.transaction('meta', 'readwrite')
  const epoch = (await tx.store.get('epoch')) ?? 0
  await Promise.all([tx.store.put(epoch, 'epoch'), tx.done]).catch(unlessFull)
}

function layOut(database: IDBDatabase): void {
  database.createObjectStore('shapes', { keyPath: 'id' })
  database.createObjectStore('rows')
  database.createObjectStore('outbox', { keyPath: 'seq' })
  database.createObjectStore('meta')
}

class IndexedDbStore implements LocalStore {
  readonly isDurable = true
  constructor(private readonly db: IDBPDatabase<BacklineDb>) {}

  async clientId(): Promise<string> {
    const tx = this.db.transaction('meta', 'readwrite')
    const known = await tx.store.get('clientId')
    const id = typeof known === 'string' ? known : newKey()
    // With no room for it this tab goes by it alone.
    await Promise.all([id !== known && tx.store.put(id, 'clientId'), tx.done]).catch(unlessFull)
    return id
  }

  async takeEpoch(): Promise<number> {
    const tx = this.db.transaction('meta', 'readwrite')
    const last = Number((await tx.store.get('epoch')) ?? 0)
    const isWritten = await Promise.all([tx.store.put(last + 1, 'epoch'), tx.done]).then(() => true, unlessFull)
    // With no room to begin a time of its own a leader goes on in the last one: better than nobody who sends.
    return isWritten ? last + 1 : last
  }

  async readShape(id: string) {
    const tx = this.db.transaction(['shapes', 'rows'])
    const [meta, rows] = await Promise.all([
      tx.objectStore('shapes').get(id),
      tx.objectStore('rows').getAll(rangeOf(id)),
    ])
    // Rows of an older schema never reach a component: the shape is fetched anew.
    return meta?.schema === SCHEMA_VERSION ? { meta, rows } : null
  }

  listShapes(): Promise<ShapeMeta[]> {
    return this.db.getAll('shapes')
  }

  async commit({ meta, baseSeq, changes, echoed }: ShapeCommit, epoch: number): Promise<void> {
    const tx = this.db.transaction(['shapes', 'rows', 'outbox', 'meta'], 'readwrite', { durability: 'relaxed' })
    await underEpoch(tx.objectStore('meta').get('epoch'), epoch, tx)
    const rows = tx.objectStore('rows')
    const known = await tx.objectStore('shapes').get(meta.id)
    if (baseSeq !== 0 && known?.seq !== baseSeq) return abandon(tx, new CacheLost())
    // What nobody read: rows of an older schema, or of a cache that could not be read.
    if (baseSeq === 0) void rows.delete(rangeOf(meta.id))
    for (const { key, after } of changes) {
      void (after ? rows.put(after, [meta.id, key]) : rows.delete([meta.id, key]))
    }
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
    const tx = this.db.transaction(['shapes', 'rows'], 'readwrite', { durability: 'relaxed' })
    for (const id of ids) {
      void tx.objectStore('shapes').delete(id)
      void tx.objectStore('rows').delete(rangeOf(id))
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
    const tx = this.db.transaction(['shapes', 'rows'], 'readwrite')
    void tx.objectStore('shapes').clear()
    void tx.objectStore('rows').clear()
    await tx.done
  }

  close(): void {
    this.db.close()
  }
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
