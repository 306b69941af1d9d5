'use client'

import '@/app/jitless'
import { useEffect } from 'react'
import { SyncProvider } from '@/lib/sync'
import { usePathname } from './location'
import { NobodyHere } from './nobody-here'
import { useServiceWorker } from './service-worker'
import { SignedInApp } from './signed-in-app'
import { signInPath } from './sign-in-path'
import { Splash } from './splash'
import { useSignedIn } from './use-signed-in'

/** The signed-in app, from the moment the static page is hydrated: who is it, then their bands. */
export function BandApp() {
  const pathname = usePathname()
  const { signedIn, check } = useSignedIn()
  useServiceWorker()
  const isOut = signedIn.kind === 'out'
  useEffect(() => {
    if (isOut) window.location.replace(signInPath())
  }, [isOut])

  if (pathname === null || signedIn.kind === 'checking' || isOut) return <Splash />
  if (signedIn.kind === 'unreachable') return <NobodyHere onRetry={check} />
  const { me, isSessionOver } = signedIn
  return (
    <SyncProvider key={me.user.id} userId={me.user.id} name={me.user.name} avatarUrl={me.user.image}>
      <SignedInApp me={me} pathname={pathname} isSessionOver={isSessionOver} onSessionDoubted={check} />
    </SyncProvider>
  )
}
