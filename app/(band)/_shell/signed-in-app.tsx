'use client'

import { useEffect } from 'react'
import { ChangeToasts } from '@/components/sync/change-toasts'
import { useConnection } from '@/lib/sync'
import { Frame } from './frame'
import type { Me } from './me'
import { useOpenBand } from './open-band'
import { RefusedToasts } from './refused-toasts'
import { routeOf } from './routes'
import { Screen, useEarlyStart } from './screen'
import { ShellNotices } from './shell-notices'
import { ViewerProvider } from './viewer'

interface SignedInAppProps {
  me: Me
  pathname: string
  isSessionOver: boolean
  /** What a door said of the session is not what is known of it. */
  onSessionDoubted: () => void
}

/** Navigation, screen and notices of a signed-in person. */
export function SignedInApp(props: SignedInAppProps) {
  const { kind } = useConnection()
  const { onSessionDoubted, isSessionOver } = props
  useEarlyStart(routeOf(props.pathname))
  // A door says that it is over; or one answers again, because another tab has signed in.
  const isDoubted = kind === 'signed-out' || (isSessionOver && (kind === 'live' || kind === 'polling'))
  useEffect(() => {
    if (isDoubted) onSessionDoubted()
  }, [isDoubted, onSessionDoubted])
  return (
    <ViewerProvider me={props.me} refreshMe={onSessionDoubted}>
      <OpenBand {...props} />
    </ViewerProvider>
  )
}

function OpenBand({ me, pathname, isSessionOver }: SignedInAppProps) {
  const route = routeOf(pathname)
  const bandId = useOpenBand(route)
  return (
    <Frame route={route} bandId={bandId} notices={<ShellNotices isSessionOver={isSessionOver} />}>
      <Screen route={route} />
      {me.flags.toasts ? <ChangeToasts bandId={bandId} userId={me.user.id} /> : null}
      <RefusedToasts />
    </Frame>
  )
}
