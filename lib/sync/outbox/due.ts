import 'client-only'
import { WRITES_BYTES_MAX } from '@/lib/protocol/writes'
import { isUnsent, type OutboxEntry } from './entry'
import type { OutboxState } from './outbox-state'

/** What the sender is to do at `now`: send these, look again at a time (milliseconds since 1970), or nothing. */
export type Due =
  { kind: 'send'; entries: readonly OutboxEntry[] } | { kind: 'later'; at: number } | { kind: 'nothing' }

/**
 * The next batch: stored writes in order, up to the last one that is not held back (a write held for coalescing stops
 * being held when something was written after it). One request at a time, so that order survives any failure.
 */
export function dueWrites(state: OutboxState, now: number): Due {
  if (state.sender.kind === 'sending' || state.sender.kind === 'signed-out') return { kind: 'nothing' }
  if (state.sender.kind === 'waiting' && state.sender.retryAt > now) return { kind: 'later', at: state.sender.retryAt }
  const open = state.entries.filter(isUnsent)
  const unstored = open.findIndex(({ phase }) => phase.kind === 'storing')
  const stored = unstored === -1 ? open : open.slice(0, unstored)
  const last = stored.at(-1)
  if (!last) return { kind: 'nothing' }
  const isHeld = unstored === -1 && last.holdUntil > now && last.phase.kind === 'queued'
  const ready = isHeld ? stored.slice(0, -1) : stored
  if (ready.length === 0) return { kind: 'later', at: last.holdUntil }
  return { kind: 'send', entries: fitting(ready, state.batchMax) }
}

function fitting(entries: readonly OutboxEntry[], batchMax: number): OutboxEntry[] {
  const batch: OutboxEntry[] = []
  // Room for the envelope; a text column counts up to three bytes per UTF-16 unit.
  let bytesLeft = WRITES_BYTES_MAX - 2_048
  for (const entry of entries) {
    bytesLeft -= JSON.stringify(entry.write).length * 3
    // One request speaks one schema version.
    const isOtherSchema = batch.length > 0 && entry.schema !== batch[0]?.schema
    if (batch.length > 0 && (bytesLeft < 0 || batch.length >= batchMax || isOtherSchema)) break
    batch.push(entry)
  }
  return batch
}
