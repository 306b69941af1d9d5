'use client'

import { Callout } from '@/components/ui/callout'
import { useAddressParam } from './use-address'

/** What next-auth and our own checks may have to say when they send somebody back here (`?error=`). */
const NOTICES: ReadonlyMap<string, string> = new Map([
  ['CredentialsSignin', 'Email and password do not match an account. Check both, or choose a new password.'],
  ['AccessDenied', 'This account cannot be used here.'],
  [
    'ExternalEmailUnverified',
    'That service has not verified your email address. Verify it there, or use a password here.',
  ],
  ['OAuthSignin', 'That service could not be reached. Try again, or use your password.'],
  ['OAuthCallback', 'Signing in there did not work out. Try again, or use your password.'],
  ['Callback', 'Signing in there did not work out. Try again, or use your password.'],
  ['Configuration', 'Signing in is not set up correctly. Tell the person who runs this installation.'],
])
const OTHERWISE = 'Signing in did not work. Try again.'

/** Says why somebody is back on the sign-in page. */
export function SignInNotice() {
  const error = useAddressParam('error')
  if (error === null) return null
  return (
    <Callout tone="bad" role="alert">
      {NOTICES.get(error) ?? OTHERWISE}
    </Callout>
  )
}
