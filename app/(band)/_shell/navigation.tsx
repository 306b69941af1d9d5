'use client'

import { CircleUserRound, CloudCog, House, Music, Users, type LucideIcon } from 'lucide-react'
import { classNames } from '@/components/ui/class-names'
import { AppLink } from './app-link'
import type { Route } from './routes'

interface Entry {
  label: string
  icon: LucideIcon
  to: Route
}

/** The places that can be reached from where a person is. */
export function entriesFor(bandId: string | null): Entry[] {
  const ofBand: Entry[] =
    bandId === null
      ? []
      : [
          { label: 'Songs', icon: Music, to: { kind: 'songs', bandId } },
          { label: 'Members', icon: Users, to: { kind: 'members', bandId } },
        ]
  return [
    { label: 'Home', icon: House, to: { kind: 'home' } },
    ...ofBand,
    { label: 'Sync', icon: CloudCog, to: { kind: 'sync' } },
    { label: 'Account', icon: CircleUserRound, to: { kind: 'account' } },
  ]
}

interface NavigationProps {
  route: Route
  bandId: string | null
  layout: 'side' | 'bottom'
}

/** The main navigation: a column on wide screens, a bar under the thumb on phones. */
export function Navigation({ route, bandId, layout }: NavigationProps) {
  const isSide = layout === 'side'
  return (
    <nav aria-label="Main" className={isSide ? 'grid gap-0.5' : 'grid auto-cols-fr grid-flow-col'}>
      {entriesFor(bandId).map(({ label, icon: Icon, to }) => {
        const isCurrent = to.kind === route.kind
        return (
          <AppLink
            key={label}
            to={to}
            aria-current={isCurrent ? 'page' : undefined}
            className={classNames(
              'transition-colors',
              isSide
                ? 'flex h-10 items-center gap-3 rounded-control px-3 font-medium'
                : 'grid h-14 content-center justify-items-center gap-0.5 text-xs font-medium',
              isCurrent && isSide && 'tape rounded-none font-semibold',
              isCurrent && !isSide && 'font-semibold text-ink',
              !isCurrent && 'text-ink-muted hover:text-ink',
              !isCurrent && isSide && 'hover:bg-sunken',
            )}
          >
            <span className={classNames(!isSide && 'px-3 py-0.5', isCurrent && !isSide && 'tape')}>
              <Icon aria-hidden className="size-5" strokeWidth={isCurrent ? 2.25 : 1.75} />
            </span>
            {label}
          </AppLink>
        )
      })}
    </nav>
  )
}
