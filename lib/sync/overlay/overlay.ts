import 'client-only'
import { entityNamed } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import { derivedUuid } from '@/lib/entity/keys'
import { mergeRow } from '@/lib/entity/merge/row'
import type { JsonRow } from '@/lib/protocol/json'
import { isShown, type OutboxEntry } from '../outbox/entry'
import { isVersioned, NO_ROWS, versionOf, type Rows } from '../store/rows'
import { scopeColumn, scopeOfRow } from '../shapes/shape-name'
import { isEchoed, type SeenTransactions } from './confirm'
import { optimisticRow, type Author } from './optimistic-row'

/** A shape as far as the overlay must know it. */
export interface OverlayTarget {
  entity: AnyEntity
  /** Null for a person's own rows. */
  scope: string | null
  rows: Rows
  seen: SeenTransactions
}

/** What was computed for a key last time; reused as long as nothing it came from changed. */
interface Remembered {
  base: JsonRow | null
  entries: readonly OutboxEntry[]
  row: JsonRow | null
}

/** What people see: rows ⊕ unconfirmed writes in the order they were made. */
export interface Overlaid {
  rows: Rows
  /** The rows it was laid over. */
  base: Rows
  memory: ReadonlyMap<string, Remembered>
}

export const NOTHING_LAID: Overlaid = { rows: NO_ROWS, base: NO_ROWS, memory: new Map() }

/** Lays unconfirmed writes over a shape's rows. Pure; what was laid last keeps unchanged rows the same objects. */
export function overlayRows(
  target: OverlayTarget,
  entries: readonly OutboxEntry[],
  author: Author,
  last: Overlaid,
): Overlaid {
  const byKey = writesByKey(target, entries, author)
  const { rows: base } = target
  if (byKey.size === 0) return { rows: base, base, memory: new Map() }
  const memory = new Map<string, Remembered>()
  let isSameView = base === last.base && byKey.size === last.memory.size
  for (const [key, writes] of byKey) {
    const under = base.get(key) ?? null
    const known = last.memory.get(key)
    const isSame = known !== undefined && known.base === under && sameItems(known.entries, writes)
    const row = isSame ? known.row : overlayRow(target, under, writes, author)
    memory.set(key, { base: under, entries: writes, row })
    isSameView &&= known?.row === row
  }
  if (isSameView) return { rows: last.rows, base, memory }
  const rows = new Map(base)
  for (const [key, { row }] of memory) {
    if (row) rows.set(key, row)
    else rows.delete(key)
  }
  return { rows, base, memory }
}

/** One row with the writes to it laid over, in order; null when it is not (or no longer) there. */
export function overlayRow(
  target: OverlayTarget,
  base: JsonRow | null,
  writes: readonly OutboxEntry[],
  author: Author,
): JsonRow | null {
  let row = base
  for (const entry of writes) {
    if (!isEchoed(target.entity, entry, base, target.seen)) row = applyWrite(target.entity, row, entry, author)
  }
  return row
}

function applyWrite(entity: AnyEntity, row: JsonRow | null, entry: OutboxEntry, author: Author): JsonRow | null {
  const { write, phase } = entry
  const at = new Date(entry.at).toISOString()
  switch (write.op) {
    case 'delete':
      return null
    case 'insert':
      // A derived key's second insert merges into the row there is.
      if (row) return patched(entity, row, write.values, {}, entry, author)
      return raised(entity, optimisticRow(entity, write.key, write.values, at, author), phase)
    case 'update':
      return row && patched(entity, row, write.patch, write.base ?? {}, entry, author)
    case 'restore':
      return row && patched(entity, row, write.patch ?? {}, {}, entry, author)
  }
}

function patched(
  entity: AnyEntity,
  row: JsonRow,
  patch: JsonRow,
  base: JsonRow,
  entry: OutboxEntry,
  author: Author,
): JsonRow {
  const merged = mergeRow(entity, patch, base, row)
  const changes: JsonRow = { ...merged.changes }
  const standing = entry.phase.kind === 'saved' ? entry.phase.standing : []
  // Until the server has asked, the writer sees their own value; afterwards what stands.
  for (const { field, yours } of merged.clashes) if (!standing.includes(field)) changes[field] = yours
  for (const field of standing) delete changes[field]
  if (Object.keys(changes).length === 0) return raised(entity, row, entry.phase)
  const touched = isVersioned(entity)
    ? {
        updated_by: author.actor.user_id,
        updated_by_client: author.clientId,
        updated_at: new Date(entry.at).toISOString(),
      }
    : {}
  return raised(entity, { ...row, ...changes, ...touched }, entry.phase)
}

/** An answered write shows the version the server gave it: a row on screen never counts down. */
function raised(entity: AnyEntity, row: JsonRow, phase: OutboxEntry['phase']): JsonRow {
  if (phase.kind !== 'saved' || !isVersioned(entity) || versionOf(row) >= (phase.version ?? 0)) return row
  return { ...row, version: phase.version }
}

/** Writes that touch this shape by row key, rows that come into being with others included. */
function writesByKey(
  target: OverlayTarget,
  entries: readonly OutboxEntry[],
  author: Author,
): Map<string, OutboxEntry[]> {
  const byKey = new Map<string, OutboxEntry[]>()
  for (const entry of entries) {
    if (!isShown(entry)) continue
    for (const each of [entry, ...alsoEntries(entry, author)]) {
      if (each.write.entity !== target.entity.name || !concerns(target, each, byKey, author)) continue
      const writes = byKey.get(each.write.key)
      if (writes) writes.push(each)
      else byKey.set(each.write.key, [each])
    }
  }
  return byKey
}

function concerns(
  { entity, scope, rows }: OverlayTarget,
  { write }: OutboxEntry,
  byKey: ReadonlyMap<string, unknown>,
  author: Author,
): boolean {
  if (rows.has(write.key) || byKey.has(write.key)) return true
  if (write.op !== 'insert') return false
  if (scope !== null) return scopeOfRow(entity, write.key, write.values) === scope
  const column = scopeColumn(entity, null)
  return (write.values[column] ?? author.actor.user_id) === author.actor.user_id
}

const alsoMemory = new WeakMap<OutboxEntry, OutboxEntry[]>()

/** The rows an insert brings with it, as inserts of their own: keys uuidv5(write id, position). */
function alsoEntries(entry: OutboxEntry, { actor }: Author): OutboxEntry[] {
  const { write } = entry
  const also = write.op === 'insert' ? entityNamed(write.entity)?.also : undefined
  if (!also || write.op !== 'insert') return []
  const known = alsoMemory.get(entry)
  if (known) return known
  const made = also(write.key, write.values, actor).map(({ entity, values }, position): OutboxEntry => {
    const key = derivedUuid(write.id, String(position))
    // Their versions are their own; the transaction is the same.
    const phase = entry.phase.kind === 'saved' ? { ...entry.phase, version: 1 } : entry.phase
    return { ...entry, write: { id: write.id, op: 'insert', entity, key, values }, phase }
  })
  alsoMemory.set(entry, made)
  return made
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}
