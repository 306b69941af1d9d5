'use client'

import { useEffect } from 'react'
import { toast } from 'sonner'
import * as z from 'zod/mini'

const messageSchema = z.object({ kind: z.literal('update-ready') })

/**
 * Lets the service worker keep the app for opening it without a network, and offers the new build once it is kept.
 * Development builds take the worker away instead: it would serve yesterday's code.
 */
export function useServiceWorker(): void {
  useEffect(() => {
    if (!('serviceWorker' in navigator)) return
    if (process.env.NODE_ENV !== 'production') {
      void removeWorker()
      return
    }
    const { serviceWorker } = navigator
    const hear = (event: MessageEvent) => {
      if (messageSchema.safeParse(event.data).success) offerUpdate()
    }
    // Whoever leaves the app open for days learns of new builds when they look at it again.
    const look = () => {
      if (document.visibilityState === 'visible') serviceWorker.controller?.postMessage({ kind: 'check-for-update' })
    }
    serviceWorker.addEventListener('message', hear)
    document.addEventListener('visibilitychange', look)
    // Without it the app works; it only cannot be opened offline.
    serviceWorker.register('/sw.js').catch(() => undefined)
    return () => {
      serviceWorker.removeEventListener('message', hear)
      document.removeEventListener('visibilitychange', look)
    }
  }, [])
}

function offerUpdate(): void {
  toast('A new version of Backline is ready', {
    id: 'update-ready',
    description: 'Nothing you are doing gets lost.',
    duration: Infinity,
    action: { label: 'Reload', onClick: () => window.location.reload() },
  })
}

async function removeWorker(): Promise<void> {
  const registrations = await navigator.serviceWorker.getRegistrations()
  const ours = registrations.filter(({ active }) => active?.scriptURL.endsWith('/sw.js'))
  await Promise.all(ours.map((registration) => registration.unregister()))
  for (const name of await caches.keys()) if (name.startsWith('backline-build-')) await caches.delete(name)
}
