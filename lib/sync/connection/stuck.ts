import 'client-only'
import type { OutboxEntry } from '../outbox/entry'
import type { SenderView } from '../outbox/outbox-state'
import type { ConnectionKind, Stuck } from '../types'

/** An unsent write older than this needs a word. */
export const STUCK_AFTER_MS = 30_000

/** Why the oldest unsent write is stuck; null while nothing is. The words for it are the interface's. */
export function stuckReason(
  [oldest]: readonly OutboxEntry[],
  sender: SenderView,
  connection: ConnectionKind,
  now: number,
): Stuck | null {
  if (!oldest || now - oldest.at < STUCK_AFTER_MS) return null
  if (connection === 'signed-out' || sender.kind === 'signed-out') return { kind: 'signed-out' }
  if (oldest.phase.kind === 'storing') return { kind: 'unstored' }
  if (connection === 'offline') return { kind: 'offline' }
  if (sender.kind === 'waiting') return { kind: 'failing', message: sender.reason.message }
  return { kind: sender.kind === 'sending' ? 'slow' : 'unsent' }
}
