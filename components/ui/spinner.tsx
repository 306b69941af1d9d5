import { LoaderCircle } from 'lucide-react'
import { classNames } from './class-names'

/** Something is on its way; `label` says what, to everyone. */
export function Spinner({ label, className }: { label: string; className?: string }) {
  return (
    <output className={classNames('inline-flex items-center gap-2 text-ink-muted', className)}>
      <LoaderCircle aria-hidden className="size-4 animate-spin" />
      {label}
    </output>
  )
}
