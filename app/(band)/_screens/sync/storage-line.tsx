'use client'

import { useEffect, useState } from 'react'
import type { ConnectionView } from '@/lib/sync'

/** How much this device keeps, and whether it can keep anything at all. */
export function StorageLine({ connection }: { connection: ConnectionView }) {
  const usedBytes = useStorageUsed()
  if (connection.durability !== 'kept')
    return (
      <p className="text-pending">
        {connection.durability === 'full'
          ? 'There is no room left on this device: what is not sent yet will not survive closing this window.'
          : 'This browser stores nothing for Backline: unsent changes will not survive closing it.'}
      </p>
    )
  if (usedBytes === null) return null
  return (
    <p className="text-sm text-ink-muted">
      {(usedBytes / 1_000_000).toFixed(1)} MB kept on this device, so that everything opens without a connection.
    </p>
  )
}

function useStorageUsed(): number | null {
  const [usedBytes, setUsedBytes] = useState<number | null>(null)
  useEffect(() => {
    let isGone = false
    // Absent where the page is not secure.
    const storage = navigator.storage as StorageManager | undefined
    void storage?.estimate().then(({ usage }) => {
      if (!isGone) setUsedBytes(usage ?? null)
    })
    return () => {
      isGone = true
    }
  }, [])
  return usedBytes
}
