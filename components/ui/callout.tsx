import type { ReactNode } from 'react'
import { classNames } from './class-names'

const TONES = {
  info: 'border-syncing/50 bg-syncing/8',
  good: 'border-synced/50 bg-synced/8',
  warning: 'border-pending/60 bg-pending/10',
  bad: 'border-error/60 bg-error/8',
} as const

interface CalloutProps {
  tone: keyof typeof TONES
  /** `alert` interrupts screen readers: for answers to what the person has just done. `status` waits for a pause. */
  role?: 'alert' | 'status' | 'note'
  className?: string
  children: ReactNode
}

/** A few sentences set apart from the page: what happened and what to do. */
export function Callout({ tone, role = 'status', className, children }: CalloutProps) {
  return (
    <div role={role} className={classNames('rounded-control border-l-4 px-4 py-3', TONES[tone], className)}>
      {children}
    </div>
  )
}
