'use client'

import { Download, RotateCcw, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { classNames } from '@/components/ui/class-names'
import type { OutboxItem } from '@/lib/sync'
import { outboxWords } from './outbox-words'
import { relativeWords, useNow } from './relative-time'
import { RowStatusIcon } from './row-status-icon'

interface OutboxListProps {
  label: string
  items: readonly OutboxItem[]
  isOnline: boolean
  /** The buttons of one entry. */
  actions: (item: OutboxItem) => ReactNode
}

/** Writes of this device in plain words: what, why it waits or was refused, since when. */
export function OutboxList({ label, items, isOnline, actions }: OutboxListProps) {
  const now = useNow()
  return (
    <ul aria-label={label} className="grid grid-cols-1 overflow-hidden rounded-card border border-line bg-surface">
      {items.map((item) => {
        const words = outboxWords(item, isOnline)
        return (
          <li
            key={item.id}
            data-entity={item.entity}
            data-id={item.key}
            data-sync={words.status}
            className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-2 border-b border-line p-4 last:border-b-0"
          >
            <RowStatusIcon status={words.status} size="md" text="hidden" className="self-start" />
            <div className="grid grid-cols-1 gap-0.5">
              <p className="font-medium wrap-break-word">{words.what}</p>
              <p className={classNames('text-sm', words.status === 'error' ? 'text-error' : 'text-ink-muted')}>
                {words.why}
              </p>
              {item.reason?.issues.map((issue) => (
                <p key={issue} className="text-sm text-ink-muted">
                  {issue}
                </p>
              ))}
              <p className="text-xs text-ink-muted">
                Made {relativeWords(item.at, now)}
                {item.attempts > 1 ? ` · tried ${item.attempts} times` : ''}
              </p>
            </div>
            <div className="col-start-2 flex flex-wrap gap-2">{actions(item)}</div>
          </li>
        )
      })}
    </ul>
  )
}

interface ActionProps {
  item: OutboxItem
  onPress: (id: string) => void
}

/** Tries a refused write again as it is. */
export function RetryButton({ item, onPress }: ActionProps) {
  return (
    <Button size="sm" variant="secondary" onClick={() => onPress(item.id)} aria-label={`Try again: ${item.label}`}>
      <RotateCcw aria-hidden /> Try again
    </Button>
  )
}

/** Gives a write up. */
export function DiscardButton({ item, onPress }: ActionProps) {
  return (
    <Button size="sm" variant="danger" onClick={() => onPress(item.id)} aria-label={`Discard: ${item.label}`}>
      <Trash2 aria-hidden /> Discard
    </Button>
  )
}

/** Hands out everything unsent and refused as a file. */
export function ExportButton({ exportText }: { exportText: () => string }) {
  const save = () => {
    const address = URL.createObjectURL(new Blob([exportText()], { type: 'application/json' }))
    const link = document.createElement('a')
    link.href = address
    link.download = 'backline-unsent.json'
    link.click()
    URL.revokeObjectURL(address)
  }
  return (
    <Button size="sm" variant="secondary" onClick={save}>
      <Download aria-hidden /> Export as a file
    </Button>
  )
}
