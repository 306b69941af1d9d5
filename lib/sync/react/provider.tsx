'use client'
import 'client-only'
import { useEffect, useState, type ReactNode } from 'react'
import { createSync } from '../create-sync'
import type { Sync } from '../sync'
import { SyncContext } from './context'

export interface SyncProviderProps {
  userId: string
  /** Who acts: shown in rows that are not confirmed yet. */
  name?: string | null
  avatarUrl?: string | null
  /** Where the doors are; the page's own origin unless set. */
  apiOrigin?: string
  children: ReactNode
}

/**
 * Runs the sync layer of one person for everything inside it, from mount to unmount.
 * Another `userId` ends the old one completely before the new one starts.
 */
export function SyncProvider({ userId, name = null, avatarUrl = null, apiOrigin, children }: SyncProviderProps) {
  const [sync, setSync] = useState<Sync | null>(null)

  useEffect(() => {
    const started = createSync({
      actor: { user_id: userId, name, avatar_url: avatarUrl },
      ...(apiOrigin === undefined ? {} : { apiOrigin }),
    })
    // oxlint-disable-next-line react/set-state-in-effect -- the layer starts timers and streams, so not while rendering
    setSync(started)
    return () => {
      setSync(null)
      void started.close()
    }
  }, [userId, name, avatarUrl, apiOrigin])

  return <SyncContext value={sync}>{children}</SyncContext>
}
