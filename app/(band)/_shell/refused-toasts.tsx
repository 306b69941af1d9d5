'use client'

import { useEffect } from 'react'
import { toast } from 'sonner'
import { refusalWords } from '@/components/sync/outbox-words'
import { useSync } from '@/lib/sync'
import { navigate } from './location'
import { pathOf } from './routes'

/** Says at once that a change was refused and why; it waits in the sync centre. */
export function RefusedToasts() {
  const sync = useSync()
  useEffect(
    () =>
      sync?.observe((event) => {
        if (event.kind !== 'refused') return
        const { title, description } = refusalWords(event.item)
        toast.error(title, {
          id: event.item.id,
          description,
          action: { label: 'Look', onClick: () => navigate(pathOf({ kind: 'sync' })) },
        })
      }),
    [sync],
  )
  return null
}
