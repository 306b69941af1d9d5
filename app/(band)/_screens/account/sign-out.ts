'use client'

import * as z from 'zod/mini'
import type { Sync } from '@/lib/sync'
import { forgetMe } from '../../_shell/me'
import { askAccountDoor, type AccountAnswer } from './account-door'

const csrfSchema = z.object({ csrfToken: z.string() })

const UNREACHABLE: AccountAnswer = {
  kind: 'refused',
  message: 'The server cannot be reached, so your session would stay open. Sign out when you have a connection.',
  fieldErrors: {},
}

/** Ends this browser's session, then seals unsent work for its owner and deletes what was cached. */
export async function signOutHere(sync: Sync): Promise<AccountAnswer> {
  const ended = await endSession()
  return ended.kind === 'done' ? leave(sync) : ended
}

/** Ends every session of the person, this one too. */
export async function signOutEverywhere(sync: Sync): Promise<AccountAnswer> {
  const ended = await askAccountDoor('POST', 'sign-out-everywhere', {})
  return ended.kind === 'done' ? leave(sync) : ended
}

/** After a session has ended on the server: nothing of the person stays readable in this browser. */
export async function leave(sync: Sync): Promise<AccountAnswer> {
  await sync.signOut()
  forgetMe()
  window.location.replace('/sign-in')
  return { kind: 'done' }
}

/** next-auth's own way: a token against other sites' forms, then the form. */
async function endSession(): Promise<AccountAnswer> {
  const asked = await fetch('/api/auth/csrf', { cache: 'no-store' }).catch(() => null)
  const token = csrfSchema.safeParse(await asked?.json().catch(() => null))
  if (!token.success) return UNREACHABLE
  const response = await fetch('/api/auth/signout', {
    method: 'POST',
    body: new URLSearchParams({ csrfToken: token.data.csrfToken, json: 'true' }),
  }).catch(() => null)
  return response?.ok ? { kind: 'done' } : UNREACHABLE
}
