'use client'

import { useTheme } from 'next-themes'
import { useSyncExternalStore } from 'react'
import { Toaster as Primitive } from 'sonner'

/** How long a notice stays, in milliseconds (R-TOAST-01). */
export const TOAST_MS = 5_000

/** Where notices appear: one polite live region for the whole app. Raise one with sonner's `toast`. */
export function Toaster() {
  const { resolvedTheme } = useTheme()
  const isPhone = useSyncExternalStore(listen, readIsPhone, () => false)
  return (
    <Primitive
      theme={resolvedTheme === 'dark' ? 'dark' : 'light'}
      // On phones the buttons of screens and dialogs are below.
      position={isPhone ? 'top-center' : 'bottom-right'}
      duration={TOAST_MS}
      closeButton
      mobileOffset={{ top: 'calc(3.75rem + env(safe-area-inset-top))', left: 12, right: 12 }}
      toastOptions={{
        classNames: {
          toast: '!rounded-card !border-line !bg-raised !text-ink !shadow-lift !font-sans',
          icon: '!size-6 !mr-1.5 !ml-0',
          // However long a title somebody gave to a song.
          title: 'line-clamp-3 wrap-anywhere',
          description: '!text-ink-muted line-clamp-4 wrap-anywhere',
          actionButton: '!rounded-control !bg-tape !text-on-tape !h-8 !px-3 pointer-coarse:!h-11',
          // Small to the eye, as large as a finger to the touch.
          closeButton: '!bg-raised !border-line !text-ink-muted after:absolute pointer-coarse:after:-inset-3',
        },
      }}
    />
  )
}

const PHONE = '(max-width: 640px)'

function readIsPhone(): boolean {
  return window.matchMedia(PHONE).matches
}

function listen(listener: () => void): () => void {
  const query = window.matchMedia(PHONE)
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}
