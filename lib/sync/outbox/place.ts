import 'client-only'
import type { AnyEntity } from '@/lib/entity/define'
import { isUnsent, writtenColumns, type OutboxEntry } from './entry'

const TYPING_MS = 500
const ORDER_MS = 2_000
/** Keystrokes may be held back this long in all, however long the burst. */
const HOLD_MAX_MS = 1_000

/** Where a new write goes: behind all others, or into an earlier one that was never sent. */
export type Placement = { kind: 'append'; entry: OutboxEntry } | { kind: 'merge'; into: string; entry: OutboxEntry }

/**
 * How long a write of these fields may be coalesced, in milliseconds. The order of a list 2 s, everything else 500 ms.
 */
export function windowMs(entity: AnyEntity, fields: readonly string[]): number {
  return fields.some((field) => entity.fields[field]?.merge === 'list') ? ORDER_MS : TYPING_MS
}

/** Until when a new write is held back: not at all, unless it is typing or moves items of a list. */
export function holdUntil(entity: AnyEntity, fields: readonly string[], isTyping: boolean, now: number): number {
  const window = windowMs(entity, fields)
  return isTyping || window === ORDER_MS ? now + window : now
}

/**
 * Decides where a write goes. It joins the write made just before it when that one changes the same fields of the same
 * row, was never sent and is younger than the window; the first base and the latest values stay.
 */
export function placeWrite(entity: AnyEntity, entries: readonly OutboxEntry[], entry: OutboxEntry): Placement {
  // Only into the very last one: a write in between may be what this one refers to.
  const earlier = entries.findLast(isUnsent)
  if (!earlier || !isMergeable(entity, earlier, entry)) return { kind: 'append', entry }
  return { kind: 'merge', into: earlier.write.id, entry: mergeInto(earlier, entry) }
}

/** The earlier entry with the later one's values. */
export function mergeInto(earlier: OutboxEntry, later: OutboxEntry): OutboxEntry {
  if (earlier.write.op !== 'update' || later.write.op !== 'update') return earlier
  return {
    ...earlier,
    write: { ...earlier.write, patch: { ...earlier.write.patch, ...later.write.patch } },
    label: later.label,
    holdUntil: Math.min(later.holdUntil, earlier.at + Math.max(HOLD_MAX_MS, later.holdUntil - later.at)),
  }
}

function isMergeable(entity: AnyEntity, earlier: OutboxEntry, later: OutboxEntry): boolean {
  if (earlier.write.op !== 'update' || later.write.op !== 'update') return false
  if (earlier.write.entity !== later.write.entity || earlier.write.key !== later.write.key) return false
  const { phase } = earlier
  if (phase.kind !== 'storing' && !(phase.kind === 'queued' && phase.attempts === 0)) return false
  const fields = Object.keys(writtenColumns(earlier.write))
  const laterFields = Object.keys(writtenColumns(later.write))
  if (fields.length !== laterFields.length || !laterFields.every((field) => fields.includes(field))) return false
  return later.at < Math.max(earlier.at + windowMs(entity, fields), earlier.holdUntil)
}
