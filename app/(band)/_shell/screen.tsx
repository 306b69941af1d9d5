'use client'

import { Compass } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { Button } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/empty-state'
import { Spinner } from '@/components/ui/spinner'
import type { EntityName } from '@/entities'
import { unreachable } from '@/lib/protocol/unreachable'
import { useSync } from '@/lib/sync'
import { AppLink } from './app-link'
import { useBandName } from './band-name'
import { ErrorBoundary } from './error-boundary'
import { bandOf, pathOf, type Route } from './routes'
import { useViewer } from './viewer'

const screens = {
  home: () => import('../_screens/home/home-screen'),
  songs: () => import('../_screens/songs/songs-screen'),
  members: () => import('../_screens/members/members-screen'),
  account: () => import('../_screens/account/account-screen'),
  sync: () => import('../_screens/sync/sync-screen'),
}
const Home = lazy(screens.home)
const Songs = lazy(screens.songs)
const Members = lazy(screens.members)
const Account = lazy(screens.account)
const SyncCentre = lazy(screens.sync)

/** The rows that a band's screen is made of. */
const ROWS_OF: Partial<Record<Route['kind'], EntityName>> = { songs: 'songs', members: 'band_members' }

/** Begins to fetch a place's screen, and to read its rows from the cache, while it is found out whether the place is mine. Shows nothing. */
export function useEarlyStart(route: Route): void {
  const sync = useSync()
  const { kind } = route
  const scope = bandOf(route)
  useEffect(() => {
    // A file that does not come is missed by the screen, which says so.
    if (kind !== 'not-found') screens[kind]().catch(() => undefined)
  }, [kind])
  useEffect(() => {
    const entity = ROWS_OF[kind]
    if (entity !== undefined && scope !== null) sync?.shape({ entity, scope }).read()
  }, [sync, kind, scope])
}

/** The screen of a place. A failure stays inside it: navigation and unsent work are not touched. */
export function Screen({ route }: { route: Route }) {
  const title = useTitle(route)
  return (
    <>
      <output className="sr-only">{title}</output>
      <ErrorBoundary key={pathOf(route)}>
        <Suspense fallback={<Spinner label="Opening…" className="p-6" />}>
          <ScreenOf route={route} />
        </Suspense>
      </ErrorBoundary>
    </>
  )
}

function ScreenOf({ route }: { route: Route }) {
  const { viewer, membershipsStatus } = useViewer()
  const bandId = bandOf(route)
  const isMine = bandId !== null && viewer.bands.has(bandId)
  // The screen of another place is another component: this is about one band.
  const [wasMine, setWasMine] = useState(isMine)
  if (isMine && !wasMine) setWasMine(true)
  if (bandId !== null && !isMine) {
    // Nobody is told a band is not theirs before that is known.
    return membershipsStatus === 'ready' ? (
      <NotFound wasMine={wasMine} />
    ) : (
      <Spinner label="Opening the band…" className="p-6" />
    )
  }
  switch (route.kind) {
    case 'home':
      return <Home />
    case 'songs':
      return <Songs key={route.bandId} bandId={route.bandId} />
    case 'members':
      return <Members key={route.bandId} bandId={route.bandId} />
    case 'account':
      return <Account />
    case 'sync':
      return <SyncCentre />
    case 'not-found':
      return <NotFound wasMine={false} />
    default:
      return unreachable(route)
  }
}

/** `wasMine`: the band was on screen here until just now. */
function NotFound({ wasMine }: { wasMine: boolean }) {
  return (
    <EmptyState
      heading="h1"
      icon={Compass}
      title="There is nothing here"
      action={
        <Button variant="secondary" asChild>
          <AppLink to={{ kind: 'home' }}>Go to my bands</AppLink>
        </Button>
      }
    >
      {wasMine
        ? 'You are not in this band any more, or it was deleted. An owner of the band can invite you again.'
        : 'The page does not exist, or it belongs to a band you are not in.'}
    </EmptyState>
  )
}

const TITLES: Record<Route['kind'], string> = {
  home: 'Home',
  songs: 'Songs',
  members: 'Members',
  account: 'Account',
  sync: 'Sync',
  'not-found': 'Nothing here',
}

/** Names the place in the window's title; whoever cannot see the screen change hears it. */
function useTitle(route: Route): string {
  const { viewer } = useViewer()
  const asked = bandOf(route)
  const bandId = asked !== null && viewer.bands.has(asked) ? asked : null
  const band = useBandName(bandId)
  const title = bandId === null ? TITLES[route.kind] : `${TITLES[route.kind]} · ${band}`
  useEffect(() => {
    document.title = `${title} · Backline`
  }, [title])
  return title
}
