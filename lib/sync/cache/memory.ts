import 'client-only'
import { newKey } from '@/lib/entity/keys'
import type { JsonRow } from '@/lib/protocol/json'
import type { OutboxEntry } from '../outbox/entry'
import { CacheLost, EpochLost, asSent, type LocalStore, type ShapeCommit, type ShapeMeta } from './local-store'

/** Where the browser stores nothing: the same contract, for as long as the tab lives. */
export function openMemoryStore(): LocalStore {
  return new MemoryStore()
}

class MemoryStore implements LocalStore {
  readonly isDurable = false
  readonly #id = newKey()
  readonly #shapes = new Map<string, { meta: ShapeMeta; rows: Map<string, JsonRow> }>()
  readonly #outbox = new Map<number, OutboxEntry>()
  #epoch = 0
  #lastSeq = 0

  clientId = async () => this.#id
  takeEpoch = async () => ++this.#epoch
  listShapes = async () => [...this.#shapes.values()].map(({ meta }) => meta)
  readOutbox = async () => [...this.#outbox.values()].toSorted((a, b) => a.seq - b.seq)

  async readShape(id: string) {
    const shape = this.#shapes.get(id)
    return shape ? { meta: shape.meta, rows: new Map(shape.rows) } : null
  }

  async commit({ meta, baseSeq, changes, echoed }: ShapeCommit, epoch: number): Promise<void> {
    this.#check(epoch)
    const known = this.#shapes.get(meta.id)
    if (baseSeq !== 0 && known?.meta.seq !== baseSeq) throw new CacheLost()
    const rows = baseSeq === 0 || !known ? new Map<string, JsonRow>() : known.rows
    for (const { key, after } of changes) {
      if (after) rows.set(key, after)
      else rows.delete(key)
    }
    this.#shapes.set(meta.id, { meta: { ...meta, isPinned: known?.meta.isPinned ?? meta.isPinned }, rows })
    for (const seq of echoed) this.#outbox.delete(seq)
  }

  async touchShape(id: string, change: Partial<Pick<ShapeMeta, 'usedAt' | 'isPinned'>>): Promise<void> {
    const shape = this.#shapes.get(id)
    if (shape) shape.meta = { ...shape.meta, ...change }
  }

  async dropShapes(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#shapes.delete(id)
  }

  async append(entry: OutboxEntry): Promise<number> {
    const seq = ++this.#lastSeq
    this.#outbox.set(seq, { ...entry, seq, phase: { kind: 'queued', attempts: 0, failure: null } })
    return seq
  }

  async replaceUnsent(entry: OutboxEntry): Promise<boolean> {
    const stored = this.#outbox.get(entry.seq)
    if (stored?.origin !== entry.origin || stored.phase.kind !== 'queued') return false
    this.#outbox.set(entry.seq, { ...entry, phase: stored.phase })
    return true
  }

  async markSent(seqs: readonly number[], epoch: number): Promise<OutboxEntry[]> {
    this.#check(epoch)
    const sent = seqs.flatMap((seq) => {
      const entry = this.#outbox.get(seq)
      return entry ? [asSent(entry)] : []
    })
    for (const entry of sent) this.#outbox.set(entry.seq, entry)
    return sent
  }

  async saveOutbox(puts: readonly OutboxEntry[], deleted: readonly number[], epoch: number | null): Promise<void> {
    if (epoch !== null) this.#check(epoch)
    for (const entry of puts) this.#outbox.set(entry.seq, entry)
    for (const seq of deleted) this.#outbox.delete(seq)
  }

  async wipeCache(): Promise<void> {
    this.#shapes.clear()
  }

  close(): void {
    this.#shapes.clear()
  }

  #check(epoch: number): void {
    if (epoch !== this.#epoch) throw new EpochLost()
  }
}
