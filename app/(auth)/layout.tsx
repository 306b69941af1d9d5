import Link from 'next/link'
import type { ReactNode } from 'react'
import { Wordmark } from '@/components/ui/wordmark'

/** Account pages: ordinary forms on an empty stage. All are prerendered, so that the content security policy can name their scripts. */
export default function AuthLayout({ children }: { children: ReactNode }) {
  return (
    <main className="mx-auto grid min-h-dvh w-full max-w-sm content-center gap-6 px-4 py-10">
      <Link
        href="/"
        aria-label="Backline"
        prefetch={false}
        className="flex items-center justify-self-start pointer-coarse:min-h-11"
      >
        <Wordmark />
      </Link>
      {children}
    </main>
  )
}
