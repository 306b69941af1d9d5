import 'client-only'
import { isUuid } from '@/lib/entity/fields'
import type { JsonRow } from '@/lib/protocol/json'
import { isSameJson } from '@/lib/entity/merge/equal'
import { writtenColumns, type OutboxEntry } from './entry'

/**
 * What becomes of the writes behind one that was refused or given up.
 * Those that need its row or scope are held with it. Those that edited the same fields after it lose what it would have
 * written from their base, so that the server compares them with what really stood before.
 */
export function withoutRefused(
  entries: readonly OutboxEntry[],
  refused: OutboxEntry,
  newId: () => string,
): OutboxEntry[] {
  const heldKeys = new Set(makesRow(refused) ? [refused.write.key] : [])
  let base = editOf(refused)
  return entries.map((entry) => {
    if (entry.seq <= refused.seq || !isOpen(entry)) return entry
    if (needsAny(entry, heldKeys)) {
      if (makesRow(entry)) heldKeys.add(entry.write.key)
      return { ...entry, phase: { kind: 'held', on: refused.origin } }
    }
    if (!base || !sameRow(entry, refused)) return entry
    const rebased = rebase(entry, base, newId)
    // What a later write saw of this field is now this one's value: only the first needs the older base.
    if (rebased !== entry) base = withoutFields(base, Object.keys(writtenColumns(entry.write)))
    return rebased
  })
}

/** Origins of the writes held on one that is given up: they have no row to be about. */
export function heldOn(entries: readonly OutboxEntry[], origin: string): string[] {
  return entries.flatMap(({ phase, origin: own }) => (phase.kind === 'held' && phase.on === origin ? [own] : []))
}

interface Edit {
  patch: JsonRow
  base: JsonRow
}

function editOf({ write }: OutboxEntry): Edit | null {
  return write.op === 'update' ? { patch: write.patch, base: write.base ?? {} } : null
}

function withoutFields(edit: Edit, fields: readonly string[]): Edit {
  const patch = Object.fromEntries(Object.entries(edit.patch).filter(([field]) => !fields.includes(field)))
  return { patch, base: edit.base }
}

function rebase(entry: OutboxEntry, edit: Edit, newId: () => string): OutboxEntry {
  const { write } = entry
  if (write.op !== 'update' || !write.base) return entry
  const base = { ...write.base }
  let isChanged = false
  for (const [field, refusedValue] of Object.entries(edit.patch)) {
    const before = edit.base[field]
    if (!(field in write.patch) || before === undefined || !isSameJson(base[field], refusedValue)) continue
    base[field] = before
    isChanged = true
  }
  if (!isChanged && entry.phase.kind !== 'sent') return entry
  // A write that was sent never changes: what follows from it is a new write with a new id.
  const id = entry.phase.kind === 'sent' ? newId() : write.id
  return { ...entry, write: { ...write, id, base }, phase: { kind: 'queued', attempts: 0, failure: null } }
}

function isOpen({ phase }: OutboxEntry): boolean {
  return phase.kind === 'storing' || phase.kind === 'queued' || phase.kind === 'sent'
}

function makesRow({ write }: OutboxEntry): boolean {
  return write.op === 'insert' || write.op === 'restore'
}

function sameRow(a: OutboxEntry, b: OutboxEntry): boolean {
  return a.write.entity === b.write.entity && a.write.key === b.write.key
}

/** Whether the write is about one of these rows, inside one of these scopes, or refers to one. */
function needsAny(entry: OutboxEntry, keys: ReadonlySet<string>): boolean {
  if (keys.size === 0) return false
  if (keys.has(entry.write.key) || (entry.scope !== null && keys.has(entry.scope))) return true
  return Object.values(writtenColumns(entry.write)).some((value) => isUuid(value) && keys.has(value))
}
