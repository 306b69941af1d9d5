'use client'

import '@/app/jitless'
import { useEffect, useState, type ReactNode } from 'react'
import { SyncProvider } from '@/lib/sync'
import { usePathname } from './location'
import type { Me } from './me'
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
    <SyncOf key={me.user.id} me={me}>
      <SignedInApp me={me} pathname={pathname} isSessionOver={isSessionOver} onSessionDoubted={check} />
    </SyncOf>
  )
}

/** Runs sync for one person. A new name or picture is no reason to start it over: the rows carry them. */
function SyncOf({ me, children }: { me: Me; children: ReactNode }) {
  const [{ id, name, image }] = useState(me.user)
  return (
    <SyncProvider userId={id} name={name} avatarUrl={image}>
      {children}
    </SyncProvider>
  )
}
