import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

interface EmptyStateProps {
  icon: LucideIcon
  title: string
  /** Why it is empty, or what to do next. */
  children?: ReactNode
  action?: ReactNode
}

/** What a list says when it has nothing to show. */
export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="mx-auto grid max-w-sm justify-items-center gap-3 px-4 py-16 text-center">
      <Icon aria-hidden className="size-8 text-ink-muted" strokeWidth={1.5} />
      <h2 className="text-lg font-semibold tracking-tight">{title}</h2>
      {children ? <p className="text-ink-muted">{children}</p> : null}
      {action}
    </div>
  )
}
