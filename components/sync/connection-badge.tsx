import { classNames } from '@/components/ui/class-names'
import type { ConnectionView } from '@/lib/sync/types'
import { useNow } from './relative-time'
import { connectionWord, lastSyncedWords } from './status-words'

interface ConnectionBadgeProps {
  connection: ConnectionView
  /** Closer lines for the phone's header. */
  layout: 'header' | 'sidebar'
}

/**
 * Dot, word, time of the last sync, and "n pending" while something is unsent: always on screen, top left of the
 * navigation. The words are the polite live region of the connection; the growing age is not part of it.
 */
export function ConnectionBadge({ connection, layout }: ConnectionBadgeProps) {
  const now = useNow()
  const word = connectionWord(connection)
  const pending = connection.unsentCount > 0 ? `${connection.unsentCount} pending` : null
  return (
    <div className="min-w-0 text-sm">
      <output aria-live="polite" className="flex items-center gap-2">
        <span aria-hidden className={classNames('size-2.5 shrink-0 rounded-full', DOTS[word])} />
        <span className="font-semibold whitespace-nowrap">{word}</span>
        {pending === null ? null : (
          <span className="rounded-full bg-pending/15 px-2 text-xs/5 font-semibold whitespace-nowrap text-pending">
            {pending}
          </span>
        )}
      </output>
      <p className={classNames('truncate pl-4.5 text-xs text-ink-muted', layout === 'header' && 'leading-tight')}>
        {connection.areReadsDelayed ? 'Saved; others’ changes delayed' : lastSyncedWords(connection.lastSyncedAt, now)}
      </p>
    </div>
  )
}

const DOTS = {
  Connected: 'bg-synced',
  Connecting: 'animate-breathe bg-syncing',
  Offline: 'bg-error',
  'Signed out': 'bg-error',
} as const
