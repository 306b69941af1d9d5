'use client'

import { useTheme } from 'next-themes'
import { Toaster as Primitive } from 'sonner'

/** How long a notice stays, in milliseconds (R-TOAST-01). */
export const TOAST_MS = 5_000

/** Where notices appear: one polite live region for the whole app. Raise one with sonner's `toast`. */
export function Toaster() {
  const { resolvedTheme } = useTheme()
  return (
    <Primitive
      theme={resolvedTheme === 'dark' ? 'dark' : 'light'}
      position="bottom-right"
      duration={TOAST_MS}
      closeButton
      // Above the phone's bottom bar.
      mobileOffset={{ bottom: 'calc(4.5rem + env(safe-area-inset-bottom))', left: 12, right: 12 }}
      toastOptions={{
        classNames: {
          toast: '!rounded-card !border-line !bg-raised !text-ink !shadow-lift !font-sans',
          description: '!text-ink-muted',
          actionButton: '!rounded-control !bg-tape !text-on-tape !h-8 !px-3',
          closeButton: '!bg-raised !border-line !text-ink-muted',
        },
      }}
    />
  )
}
