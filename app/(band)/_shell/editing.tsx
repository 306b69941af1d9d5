'use client'

import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { Avatar } from '@/components/ui/avatar'
import type { EntityName } from '@/entities'
import type { Present } from '@/lib/sync/react/presence-policy'
import { useNameOf, usePictureOf } from './people'

/** The row that is open for editing here. */
export interface OpenRow {
  entity: EntityName
  id: string
}

interface Editing {
  people: readonly Present[]
  open: (row: OpenRow) => void
  close: (row: OpenRow) => void
}

const EditingContext = createContext<Editing>({ people: [], open: () => {}, close: () => {} })

/** Which row is open here, for the band to be told, and what the others have open, for the screens to show. */
export function useEditingState(people: readonly Present[]) {
  const [openRow, setOpenRow] = useState<OpenRow | null>(null)
  // Another row may have been opened before this one was left.
  const close = useCallback(({ id }: OpenRow) => setOpenRow((before) => (before?.id === id ? null : before)), [])
  const editing = useMemo<Editing>(() => ({ people, open: setOpenRow, close }), [people, close])
  return { openRow, editing }
}

export function EditingProvider({ editing, children }: { editing: Editing; children: ReactNode }) {
  return <EditingContext value={editing}>{children}</EditingContext>
}

/** Tells the band that this row is open for editing, while it is. */
export function useTellEditing(entity: EntityName, id: string, isOpen: boolean): void {
  const { open, close } = useContext(EditingContext)
  useEffect(() => {
    if (!isOpen) return undefined
    open({ entity, id })
    return () => close({ entity, id })
  }, [entity, id, isOpen, open, close])
}

/** Who else has this row open for editing: their pictures, in words for who hears the page. */
export function Editors({ entity, rowKey, scope }: { entity: EntityName; rowKey: string; scope: string }) {
  const { people } = useContext(EditingContext)
  const editors = people.filter(({ editing_entity, editing_id }) => editing_entity === entity && editing_id === rowKey)
  return editors.length === 0 ? null : <EditorAvatars userIds={editors.map(({ user_id }) => user_id)} scope={scope} />
}

function EditorAvatars({ userIds, scope }: { userIds: readonly string[]; scope: string }) {
  const nameOf = useNameOf(scope)
  const pictureOf = usePictureOf(scope)
  return (
    <span className="flex shrink-0 -space-x-1.5">
      {userIds.map((userId) => (
        <span key={userId} title={`${nameOf(userId)} is editing`} className="rounded-full ring-2 ring-syncing">
          <Avatar name={nameOf(userId)} src={pictureOf(userId)} size="sm" />
          <span className="sr-only">{nameOf(userId)} is editing</span>
        </span>
      ))}
    </span>
  )
}
