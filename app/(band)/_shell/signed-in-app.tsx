'use client'

import { useEffect } from 'react'
import { ChangeToasts } from '@/components/sync/change-toasts'
import { useConnection } from '@/lib/sync'
import { Frame } from './frame'
import type { Me } from './me'
import { useOpenBand } from './open-band'
import { RefusedToasts } from './refused-toasts'
import { routeOf } from './routes'
import { Screen } from './screen'
import { ShellNotices } from './shell-notices'
import { ViewerProvider } from './viewer'

interface SignedInAppProps {
  me: Me
  pathname: string
  isSessionOver: boolean
  /** A door said that nobody is signed in, or somebody else. */
  onSessionDoubted: () => void
}

/** Navigation, screen and notices of a signed-in person. */
export function SignedInApp(props: SignedInAppProps) {
  const isDoubted = useConnection().kind === 'signed-out'
  const { onSessionDoubted } = props
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
