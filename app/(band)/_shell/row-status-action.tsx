'use client'

import { useState } from 'react'
import { RowStatusIcon } from '@/components/sync/row-status-icon'
import type { EntityName } from '@/entities'
import { useRowStatus, type RowStatus } from '@/lib/sync'
import { navigate } from './location'
import { QuestionDialog } from './question-dialog'
import { pathOf } from './routes'
import { useViewer } from './viewer'

interface RowStatusActionProps {
  entity: EntityName
  rowKey: string
  /** The band the row is in. */
  scope: string
  /** What the row is called. */
  title: string
  size?: 'sm' | 'md'
}

/** A row's sync status, before its title. Where it needs a person, pressing it leads to what they can do. */
export function RowStatusAction({ entity, rowKey, scope, title, size = 'md' }: RowStatusActionProps) {
  const status = useRowStatus(entity, rowKey)
  const [isOpen, setIsOpen] = useState(false)
  if (!useViewer().me.flags.syncIcons) return null
  const icon = <RowStatusIcon status={status} size={size} text="hidden" />
  if (!needsPerson(status)) return icon
  return (
    <>
      <button
        type="button"
        className="-m-1.5 rounded-control p-1.5 hover:bg-sunken pointer-coarse:-m-3 pointer-coarse:p-3"
        aria-label={status === 'conflict' ? `Settle the conflict about ${title}` : `See why ${title} is not saved`}
        onClick={() => (status === 'conflict' ? setIsOpen(true) : navigate(pathOf({ kind: 'sync' })))}
      >
        {icon}
      </button>
      {isOpen ? (
        <QuestionDialog scope={scope} entity={entity} rowKey={rowKey} onClose={() => setIsOpen(false)} />
      ) : null}
    </>
  )
}

function needsPerson(status: RowStatus): boolean {
  return status === 'conflict' || status === 'error'
}
