import type { ConnectionView, RowStatus, Stuck } from '@/lib/sync/types'
import { unreachable } from '@/lib/protocol/unreachable'
import { relativeWords } from './relative-time'

/** The text that stands with every row's status icon. */
export const ROW_STATUS_WORDS: Record<RowStatus, string> = {
  synced: 'Synced',
  syncing: 'Syncing',
  pending: 'Waiting for a connection',
  error: 'Not saved',
  conflict: 'Needs a decision',
  unread: 'Changed since you looked',
}

/** What stands beside a title, where there is something to say; the icon's text says it in full. */
export const ROW_STATUS_CAPTIONS: Record<RowStatus, string | null> = {
  synced: null,
  syncing: 'Syncing…',
  pending: 'Pending',
  error: 'Not saved',
  conflict: 'Two versions',
  unread: 'New',
}

/** The connection in one word: what the dot stands for. */
export function connectionWord(connection: ConnectionView): 'Connected' | 'Connecting' | 'Offline' | 'Signed out' {
  switch (connection.kind) {
    case 'live':
    case 'polling':
      return 'Connected'
    case 'connecting':
      return 'Connecting'
    case 'offline':
      return 'Offline'
    case 'signed-out':
      return 'Signed out'
    default:
      return unreachable(connection.kind)
  }
}

/** Why unsent changes have not gone for half a minute. */
export function stuckWords(stuck: Stuck): string {
  switch (stuck.kind) {
    case 'signed-out':
      return 'You are signed out. Sign in again and your changes will be sent.'
    case 'unstored':
      return 'This browser does not store your changes. Keep this page open.'
    case 'offline':
      return 'There is no connection. Your changes are kept on this device.'
    case 'failing':
      return stuck.message
    case 'slow':
      return 'The server takes long to answer. Your changes are kept and will be sent again.'
    case 'unsent':
      return 'Your changes are waiting for the tab that sends them.'
    default:
      return unreachable(stuck)
  }
}

/** When this device last heard the server: "Synced 2 min ago". Null is not yet since this page was opened. */
export function lastSyncedWords(lastSyncedAt: number | null, now: number): string {
  if (lastSyncedAt === null) return 'Not synced since opening'
  return `Synced ${relativeWords(lastSyncedAt, now)}`
}
