'use client'

import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { useConnection, useSync, type Sync } from '@/lib/sync'
import { Section } from '../../_shell/screen-page'
import type { AccountAnswer } from './account-door'
import { signOutEverywhere, signOutHere } from './sign-out'

type Reach = 'here' | 'everywhere'

/** Sign out of this browser or of all devices, with a warning about what is unsent. */
export function SessionsSection() {
  const sync = useSync()
  const { unsentCount } = useConnection()
  const [asking, setAsking] = useState<Reach | null>(null)
  const [message, setMessage] = useState<string | null>(null)
  const [isBusy, setIsBusy] = useState(false)

  const signOut = (from: Sync, reach: Reach) => {
    setIsBusy(true)
    const leaving: Promise<AccountAnswer> = reach === 'here' ? signOutHere(from) : signOutEverywhere(from)
    void leaving.then((answer) => {
      setIsBusy(false)
      setAsking(null)
      setMessage(answer.kind === 'refused' ? answer.message : null)
    })
  }

  return (
    <Section title="Sessions">
      {message === null ? null : (
        <Callout tone="bad" role="alert">
          {message}
        </Callout>
      )}
      <div className="flex flex-wrap gap-2">
        <Button variant="secondary" disabled={!sync} onClick={() => setAsking('here')}>
          Sign out
        </Button>
        <Button variant="danger" disabled={!sync} onClick={() => setAsking('everywhere')}>
          Sign out everywhere
        </Button>
      </div>
      <ConfirmDialog
        open={asking !== null}
        onOpenChange={(open) => !open && setAsking(null)}
        title={asking === 'everywhere' ? 'Sign out on all your devices?' : 'Sign out?'}
        description={unsentWarning(unsentCount)}
        confirm={asking === 'everywhere' ? 'Sign out everywhere' : 'Sign out'}
        isBusy={isBusy}
        onConfirm={() => {
          if (sync && asking) signOut(sync, asking)
        }}
      />
    </Section>
  )
}

function unsentWarning(unsentCount: number): string {
  if (unsentCount === 0) return 'All your work has arrived. What this browser keeps of your bands is deleted.'
  const what = unsentCount === 1 ? 'One change of yours has' : `${unsentCount} changes of yours have`
  return `${what} not been sent yet. They stay sealed in this browser and are sent when you sign in here again; nobody else can read or send them.`
}
