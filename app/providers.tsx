'use client'

import './jitless'
import { ThemeProvider } from 'next-themes'
import type { ReactNode } from 'react'
import { Toaster } from '@/components/ui/toaster'

/** What every page needs in the browser: the theme and the place where notices appear. */
export function Providers({ children }: { children: ReactNode }) {
  return (
    <ThemeProvider attribute="class" disableTransitionOnChange>
      {children}
      <Toaster />
    </ThemeProvider>
  )
}
