import 'client-only'
import type { OutboxState } from '../outbox/outbox-state'
import { unsentEntries } from '../outbox/outbox-state'
import type { ConnectionKind } from '../types'

/** An unsent write older than this needs a word. */
export const STUCK_AFTER_MS = 30_000

/** Says why the oldest unsent write is stuck, in words for a person; null while nothing is. */
export function stuckReason(outbox: OutboxState, connection: ConnectionKind, now: number): string | null {
  const [oldest] = unsentEntries(outbox)
  if (!oldest || now - oldest.at < STUCK_AFTER_MS) return null
  const { sender } = outbox
  if (connection === 'signed-out' || sender.kind === 'signed-out') {
    return 'You are signed out. Sign in again and your changes will be sent.'
  }
  if (oldest.phase.kind === 'storing') return 'This browser does not store your changes. Keep this page open.'
  if (connection === 'offline') return 'There is no connection. Your changes are kept on this device.'
  if (sender.kind === 'waiting') return sender.reason.message
  if (sender.kind === 'sending') return 'The server takes long to answer. Your changes are kept and will be sent again.'
  return 'Your changes are waiting for the tab that sends them.'
}
