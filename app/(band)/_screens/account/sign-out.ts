'use client'

import type { Sync } from '@/lib/sync'
import { forgetMe } from '../../_shell/me'
import { askAccountDoor, type AccountAnswer } from './account-door'

/** Ends this browser's session, seals unsent work for its owner and deletes what was cached. */
export function signOutHere(sync: Sync): Promise<AccountAnswer> {
  const clientId = sync.clientId.read()
  return leave(sync, () => askAccountDoor('POST', 'sign-out', clientId === null ? {} : { client_id: clientId }))
}

/** Ends every session of the person, this one too. */
export function signOutEverywhere(sync: Sync): Promise<AccountAnswer> {
  return leave(sync, () => askAccountDoor('POST', 'sign-out-everywhere', {}))
}

/** Has the server end the session; once it has, nothing of the person stays readable in this browser. */
export async function leave(sync: Sync, end: () => Promise<AccountAnswer>): Promise<AccountAnswer> {
  const asked: { answer: AccountAnswer | null } = { answer: null }
  const isOver = () => asked.answer?.kind === 'done'
  try {
    await sync.signOut(async () => {
      asked.answer = await end()
      return isOver()
    })
  } finally {
    // Also when this browser would not delete something: nobody is signed in here any more.
    if (isOver()) {
      forgetMe()
      window.location.replace('/sign-in')
    }
  }
  if (asked.answer === null) throw new Error('signing out did not ask for the end of the session')
  return asked.answer
}
