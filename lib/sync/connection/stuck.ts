import 'client-only'
import type { OutboxState } from '../outbox/outbox-state'
import { unsentEntries } from '../outbox/outbox-state'
import type { ConnectionKind, Stuck } from '../types'

/** An unsent write older than this needs a word. */
export const STUCK_AFTER_MS = 30_000

/** Why the oldest unsent write is stuck; null while nothing is. The words for it are the interface's. */
export function stuckReason(outbox: OutboxState, connection: ConnectionKind, now: number): Stuck | null {
  const [oldest] = unsentEntries(outbox)
  if (!oldest || now - oldest.at < STUCK_AFTER_MS) return null
  const { sender } = outbox
  if (connection === 'signed-out' || sender.kind === 'signed-out') return { kind: 'signed-out' }
  if (oldest.phase.kind === 'storing') return { kind: 'unstored' }
  if (connection === 'offline') return { kind: 'offline' }
  if (sender.kind === 'waiting') return { kind: 'failing', message: sender.reason.message }
  return { kind: sender.kind === 'sending' ? 'slow' : 'unsent' }
}
