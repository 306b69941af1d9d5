'use client'

import { useState, type ReactNode } from 'react'
import { stuckWords } from '@/components/sync/status-words'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { useConnection } from '@/lib/sync'
import { signInPath } from './sign-in-path'

/** What a person must know on every screen: that they are signed out, that nothing is stored, that the disk fills up. */
export function ShellNotices({ isSessionOver }: { isSessionOver: boolean }) {
  const { unsentCount, durability, storage, stuck } = useConnection()
  return (
    <>
      {isSessionOver ? (
        <Notice
          tone="warning"
          action={
            <Button size="sm" asChild>
              <a href={signInPath()}>Sign in</a>
            </Button>
          }
        >
          You are signed out. {unsentWords(unsentCount)}
        </Notice>
      ) : null}
      {/* Being offline is no surprise to anybody: the navigation says it, and a line here would push the screen down. */}
      {stuck !== null && stuck.kind !== 'offline' && !isSessionOver ? (
        <Notice tone="warning">{stuckWords(stuck)}</Notice>
      ) : null}
      {durability === 'nowhere' ? (
        <Dismissible>
          This browser stores nothing for Backline (a private window, perhaps): unsent changes will not survive closing
          it.
        </Dismissible>
      ) : null}
      {durability === 'full' ? (
        <Notice tone="warning">
          There is no room left on this device: changes you make now will not survive closing this window before they
          are sent. Free some space.
        </Notice>
      ) : null}
      {storage && durability !== 'full' ? (
        <Dismissible>
          The storage this browser grants is almost full ({megabytes(storage.usedBytes)} of{' '}
          {megabytes(storage.grantedBytes)}). Free some space so that your work can be kept on this device.
        </Dismissible>
      ) : null}
    </>
  )
}

function unsentWords(count: number): string {
  if (count === 0) return 'You see what this device kept; sign in to go on.'
  return `${count === 1 ? 'One change waits' : `${count} changes wait`} on this device; sign in to send ${count === 1 ? 'it' : 'them'}.`
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`
}

function Notice({ tone, action, children }: { tone: 'warning'; action?: ReactNode; children: ReactNode }) {
  return (
    <Callout tone={tone} className="flex flex-wrap items-center justify-between gap-3 rounded-none">
      <p>{children}</p>
      {action}
    </Callout>
  )
}

function Dismissible({ children }: { children: ReactNode }) {
  const [isShown, setIsShown] = useState(true)
  if (!isShown) return null
  return (
    <Notice
      tone="warning"
      action={
        <Button size="sm" variant="ghost" onClick={() => setIsShown(false)}>
          Understood
        </Button>
      }
    >
      {children}
    </Notice>
  )
}
