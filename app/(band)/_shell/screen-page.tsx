import type { ReactNode } from 'react'

interface ScreenPageProps {
  title: string
  /** One line under the title. */
  subtitle?: ReactNode
  /** Buttons beside the title. */
  actions?: ReactNode
  children: ReactNode
}

/** A screen of headings and sections that scrolls as one page. */
export function ScreenPage({ title, subtitle, actions, children }: ScreenPageProps) {
  return (
    <div className="relative h-full overflow-y-auto">
      <div className="mx-auto grid max-w-3xl grid-cols-[minmax(0,1fr)] gap-8 px-4 py-6 sm:px-8 sm:py-9">
        <header className="flex flex-wrap items-end justify-between gap-3">
          <div className="min-w-0">
            <h1 className="text-2xl font-bold tracking-tight wrap-anywhere">{title}</h1>
            {subtitle ? (
              <p dir="auto" className="mt-1 text-left wrap-anywhere text-ink-muted">
                {subtitle}
              </p>
            ) : null}
          </div>
          {actions}
        </header>
        {children}
      </div>
    </div>
  )
}

interface SectionProps {
  title: string
  hint?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

/** A part of a `ScreenPage` under its own heading. */
export function Section({ title, hint, actions, children }: SectionProps) {
  return (
    <section aria-label={title} className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <h2 className="text-base font-semibold tracking-tight wrap-anywhere">{title}</h2>
          {hint ? <p className="text-sm text-ink-muted">{hint}</p> : null}
        </div>
        {actions}
      </div>
      {children}
    </section>
  )
}
