import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

interface EmptyStateProps {
  icon: LucideIcon
  title: string
  /** Why it is empty, or what to do next. */
  children?: ReactNode
  action?: ReactNode
  /** `h1` where it is all that the page shows. */
  heading?: 'h1' | 'h2'
}

/** What a list, or a whole page, says when it has nothing to show. */
export function EmptyState({ icon: Icon, title, children, action, heading: Heading = 'h2' }: EmptyStateProps) {
  return (
    <div className="mx-auto grid max-w-sm justify-items-center gap-3 px-4 py-16 text-center">
      <Icon aria-hidden className="size-8 text-ink-muted" strokeWidth={1.5} />
      <Heading className="text-lg font-semibold tracking-tight">{title}</Heading>
      {children ? <p className="text-ink-muted">{children}</p> : null}
      {action}
    </div>
  )
}
