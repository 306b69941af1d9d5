'use client'

import type { Sync } from '@/lib/sync'
import { forgetMe } from '../../_shell/me'
import { askAccountDoor, type AccountAnswer } from './account-door'

/** Ends this browser's session, then seals unsent work for its owner and deletes what was cached. */
export async function signOutHere(sync: Sync): Promise<AccountAnswer> {
  const clientId = sync.clientId.read()
  const ended = await askAccountDoor('POST', 'sign-out', clientId === null ? {} : { client_id: clientId })
  return ended.kind === 'done' ? leave(sync) : ended
}

/** Ends every session of the person, this one too. */
export async function signOutEverywhere(sync: Sync): Promise<AccountAnswer> {
  const ended = await askAccountDoor('POST', 'sign-out-everywhere', {})
  return ended.kind === 'done' ? leave(sync) : ended
}

/** After a session has ended on the server: nothing of the person stays readable in this browser. */
export async function leave(sync: Sync): Promise<AccountAnswer> {
  try {
    await sync.signOut()
  } finally {
    // Also when this browser would not delete something: nobody is signed in here any more.
    forgetMe()
    window.location.replace('/sign-in')
  }
  return { kind: 'done' }
}
