'use client'

import Link from 'next/link'
import type { ReactNode } from 'react'
import { useCallbackUrl } from './use-address'

/** A link between account pages that keeps where the person wanted to go. */
export function AccountLink({ href, children }: { href: string; children: ReactNode }) {
  const callbackUrl = useCallbackUrl()
  const query = callbackUrl === null ? '' : `?callbackUrl=${encodeURIComponent(callbackUrl)}`
  return (
    <Link
      href={`${href}${query}`}
      className="inline-flex items-center text-glow underline-offset-4 hover:underline pointer-coarse:min-h-11"
    >
      {children}
    </Link>
  )
}
