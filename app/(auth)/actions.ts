'use server'

import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { fieldErrors } from '@/app/field-errors'
import { acceptInvite } from '@/lib/server/accounts/accept-invite'
import { afterAnswer } from '@/lib/server/accounts/after-answer'
import { safeCallbackPath } from '@/lib/server/accounts/callback-path'
import { callerOf } from '@/lib/server/accounts/caller'
import { runForAnybody, runForViewer } from '@/lib/server/accounts/doors'
import { requestReset, resetPassword } from '@/lib/server/accounts/password-reset'
import { linkWithPassword, PENDING_LINK_COOKIE } from '@/lib/server/accounts/pending-link'
import { issueCodeAsAdministrator } from '@/lib/server/accounts/reset-codes'
import type { SessionPerson } from '@/lib/server/accounts/person'
import { issueSession } from '@/lib/server/accounts/session-cookie'
import { signInWithPassword } from '@/lib/server/accounts/sign-in'
import { signUp } from '@/lib/server/accounts/sign-up'
import type { Failure } from '@/lib/protocol/errors'
import type { FormState } from './_parts/form-state'

/*
 * What the account pages' forms do. Next refuses actions that another origin sends. The same work is open to scripts under /api/auth.
 */

export async function signInAction(_before: FormState, form: FormData): Promise<FormState> {
  const outcome = await runForAnybody(signInWithPassword, fieldsOf(form), await headers())
  return outcome.ok ? enter(outcome.person, form) : failedForm(outcome.failure, form)
}

export async function signUpAction(_before: FormState, form: FormData): Promise<FormState> {
  const outcome = await runForAnybody(signUp, fieldsOf(form), await headers())
  return outcome.ok ? enter(outcome.person, form) : failedForm(outcome.failure, form)
}

export async function linkAction(_before: FormState, form: FormData): Promise<FormState> {
  const jar = await cookies()
  const input = { pending: jar.get(PENDING_LINK_COOKIE)?.value, password: form.get('password') }
  const outcome = await runForAnybody(linkWithPassword, input, await headers())
  if (!outcome.ok) return failedForm(outcome.failure, form)
  jar.delete(PENDING_LINK_COOKIE)
  return enter(outcome.person, form)
}

export async function requestResetAction(_before: FormState, form: FormData): Promise<FormState> {
  const outcome = await runForAnybody(requestReset, fieldsOf(form), await headers())
  if (!outcome.ok) return failedForm(outcome.failure, form)
  afterAnswer(outcome.deliver)
  return {
    kind: 'done',
    message: 'If there is an account with this email, a mail is on its way. It holds a link that works for an hour.',
  }
}

export async function resetPasswordAction(_before: FormState, form: FormData): Promise<FormState> {
  const outcome = await runForAnybody(resetPassword, fieldsOf(form), await headers())
  return outcome.ok ? enter(outcome.person, form) : failedForm(outcome.failure, form)
}

export async function acceptInviteAction(_before: FormState, form: FormData): Promise<FormState> {
  const outcome = await runForViewer(acceptInvite, fieldsOf(form), await headers())
  if (!outcome.ok && outcome.failure.code === 'signed_out') {
    // Most people who follow an invite have never been signed in.
    return failedForm(
      {
        ...outcome.failure,
        message: 'Members of a band have an account: sign in first, or open one. The invite waits for you.',
      },
      form,
    )
  }
  return outcome.ok ? entered(`/bands/${outcome.band_id}`, await headers()) : failedForm(outcome.failure, form)
}

export async function handOutCodeAction(_before: FormState, form: FormData): Promise<FormState> {
  const outcome = await runForViewer(issueCodeAsAdministrator, fieldsOf(form), await headers())
  if (!outcome.ok) return failedForm(outcome.failure, form)
  const { code, expires_at } = outcome.reset
  const until = new Date(expires_at).toUTCString()
  return { kind: 'done', message: `The code is ${code}. It works once, at /password/reset, until ${until}.` }
}

/** Signs somebody in on this browser and says where they wanted to go; a browser without scripts is sent there. */
async function enter(person: SessionPerson, form: FormData): Promise<FormState> {
  const asked = await headers()
  const caller = callerOf(asked)
  const { name, value, options } = await issueSession(person, caller)
  ;(await cookies()).set(name, value, options)
  const requested = form.get('callbackUrl')
  const path = safeCallbackPath(typeof requested === 'string' ? requested : null, caller.origin)
  return entered(path, asked)
}

/** Scripts name the action in a header; a plain form post does not, and has nobody to act on the answer. */
function entered(path: string, asked: Headers): FormState {
  if (!asked.has('next-action')) redirect(path)
  return { kind: 'entered', path }
}

function fieldsOf(form: FormData): Record<string, FormDataEntryValue> {
  return Object.fromEntries([...form].filter(([name]) => !name.startsWith('$')))
}

/** What the form says now; what was typed stays, but for passwords. */
function failedForm(failure: Failure, form: FormData): FormState {
  const typed = [...form].flatMap(([name, value]) =>
    typeof value === 'string' && !/^\$|password/.test(name) ? [[name, value] as const] : [],
  )
  return {
    kind: 'failed',
    code: failure.code,
    message: failure.message,
    errors: fieldErrors(failure.issues ?? []),
    typed: Object.fromEntries(typed),
  }
}
