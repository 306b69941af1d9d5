import { classNames } from '@/components/ui/class-names'
import type { ConnectionView } from '@/lib/sync/types'
import { useNow } from './relative-time'
import { connectionWord, lastSyncedWords } from './status-words'

interface ConnectionBadgeProps {
  connection: ConnectionView
  /** One line for the phone's header, two for the sidebar. */
  layout: 'line' | 'block'
}

/**
 * Dot, word, time of the last sync, and "n pending" while something is unsent: always on screen, top left of the
 * navigation. The words are the polite live region of the connection; the growing age is not part of it.
 */
export function ConnectionBadge({ connection, layout }: ConnectionBadgeProps) {
  const now = useNow()
  const word = connectionWord(connection)
  const isConnected = word === 'Connected'
  return (
    <div className={classNames('min-w-0 text-sm', layout === 'line' && 'flex items-baseline gap-x-2')}>
      <div className="flex items-center gap-2">
        <span
          aria-hidden
          className={classNames(
            'size-2.5 shrink-0 rounded-full',
            isConnected ? 'bg-synced' : 'bg-error',
            word === 'Connecting' && 'animate-breathe',
          )}
        />
        <output aria-live="polite" className="flex items-center gap-2">
          <span className="font-semibold whitespace-nowrap">{word}</span>
          {connection.unsentCount > 0 ? (
            <span className="rounded-full bg-pending/15 px-2 py-px text-xs font-semibold whitespace-nowrap text-pending">
              {connection.unsentCount} pending
            </span>
          ) : null}
        </output>
      </div>
      <p
        className={classNames(
          'truncate text-xs text-ink-muted',
          layout === 'block' && 'pl-4.5',
          layout === 'line' && connection.unsentCount > 0 && 'max-[400px]:sr-only',
        )}
      >
        {connection.areReadsDelayed ? 'Saved; others’ changes delayed' : lastSyncedWords(connection.lastSyncedAt, now)}
      </p>
    </div>
  )
}
