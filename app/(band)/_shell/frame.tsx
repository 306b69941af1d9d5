'use client'

import { lazy, Suspense, useState, type ReactNode } from 'react'
import { ConnectionBadge } from '@/components/sync/connection-badge'
import { PresenceAvatars } from '@/components/sync/presence-avatars'
import { Avatar } from '@/components/ui/avatar'
import { Wordmark } from '@/components/ui/wordmark'
import { useConnection } from '@/lib/sync'
import type { Present } from '@/lib/sync/react/presence-policy'
import { AppLink } from './app-link'
import { BandSwitcher } from './band-switcher'
import { EditingProvider, useEditingState } from './editing'
import { Navigation } from './navigation'
import { useNameOf, usePictureOf } from './people'
import { pathOf, type Route } from './routes'
import { useViewer } from './viewer'

const Presence = lazy(() => import('./presence'))

interface FrameProps {
  route: Route
  bandId: string | null
  /** What must be seen on every screen: an ended session, a full disk. */
  notices: ReactNode
  children: ReactNode
}

/** The navigation around every screen: sidebar from 768 px, header and bottom bar below. The screen scrolls, this does not. */
export function Frame({ route, bandId, notices, children }: FrameProps) {
  const { user } = useViewer().me
  const connection = useConnection()
  const [people, setPeople] = useState<readonly Present[]>([])
  const { openRow, editing } = useEditingState(people)
  const avatars = <PresenceAvatars people={people} nameOf={useNameOf(bandId)} pictureOf={usePictureOf(bandId)} />
  const name = user.name ?? user.email ?? 'You'
  return (
    <div className="grid h-dvh grid-cols-[minmax(0,1fr)] grid-rows-[auto_minmax(0,1fr)_auto] md:grid-cols-[15.5rem_minmax(0,1fr)] md:grid-rows-1">
      <a
        href="#screen"
        className="sr-only z-50 rounded-control bg-tape px-4 py-2 text-on-tape focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to the screen
      </a>
      <header className="flex items-center justify-between gap-3 border-b border-line bg-surface px-4 pt-[env(safe-area-inset-top)] md:hidden">
        <div className="flex min-h-13 shrink-0 items-center">
          <ConnectionBadge connection={connection} layout="header" />
        </div>
        {avatars}
        <BandSwitcher bandId={bandId} className="h-9 shrink px-2.5" />
      </header>
      <aside className="hidden min-h-0 flex-col gap-5 overflow-y-auto border-r border-line bg-surface p-4 md:flex">
        <ConnectionBadge connection={connection} layout="sidebar" />
        <BandSwitcher bandId={bandId} className="w-full" />
        <Navigation route={route} bandId={bandId} layout="side" />
        <div className="mt-auto grid gap-4">
          {avatars}
          <AppLink
            to={{ kind: 'account' }}
            className="flex min-w-0 items-center gap-3 rounded-control p-1.5 hover:bg-sunken"
          >
            <Avatar name={name} src={user.image} />
            <span className="min-w-0">
              <span className="sr-only">Signed in as </span>
              <bdi className="block truncate font-medium">{name}</bdi>
              <span className="block truncate text-xs text-ink-muted">{user.email}</span>
            </span>
          </AppLink>
          <Wordmark className="justify-self-start" />
        </div>
      </aside>
      <main id="screen" tabIndex={-1} className="flex min-h-0 min-w-0 flex-col outline-none">
        {notices}
        <Suspense>
          <Presence bandId={bandId} page={pathOf(route)} editing={openRow} onChange={setPeople} />
        </Suspense>
        <div className="min-h-0 flex-1">
          <EditingProvider editing={editing}>{children}</EditingProvider>
        </div>
      </main>
      <footer className="border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden">
        <Navigation route={route} bandId={bandId} layout="bottom" />
      </footer>
    </div>
  )
}
