import { CheckCircle2, CloudOff, LoaderCircle } from 'lucide-react'
import { classNames } from '@/components/ui/class-names'
import type { ConnectionView } from '@/lib/sync/types'
import { useNow } from './relative-time'
import { connectionWord, lastSyncedWords } from './status-words'

/** The connection at length: "Offline", "Syncing…", "Synced 2 min ago" (R-STATUS-07). */
export function SyncStateLine({ connection, className }: { connection: ConnectionView; className?: string }) {
  const now = useNow()
  const { Icon, color, words } = stateOf(connection, now)
  return (
    <p className={classNames('flex items-center gap-2 font-medium', color, className)}>
      <Icon aria-hidden className={classNames('size-5', Icon === LoaderCircle && 'animate-spin')} />
      {words}
    </p>
  )
}

function stateOf(connection: ConnectionView, now: number) {
  const word = connectionWord(connection)
  if (word === 'Offline' || word === 'Signed out') return { Icon: CloudOff, color: 'text-error', words: word }
  if (word === 'Connecting' || connection.unsentCount > 0)
    return { Icon: LoaderCircle, color: 'text-syncing', words: 'Syncing…' }
  return { Icon: CheckCircle2, color: 'text-synced', words: lastSyncedWords(connection.lastSyncedAt, now) }
}
