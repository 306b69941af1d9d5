import type { ReactNode } from 'react'

/** What an account page is for, and a sentence about it. */
export function Heading({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <header className="grid gap-1">
      <h1 className="text-2xl font-semibold">{title}</h1>
      {children ? <p className="text-ink-muted">{children}</p> : null}
    </header>
  )
}
