'use client'

import Link from 'next/link'
import { Button } from '@/components/ui/button'
import { AccountForm } from '../_parts/account-form'
import { TextField } from '../_parts/account-fields'
import { typedIn, type FormState } from '../_parts/form-state'
import { useInviteCode } from '../_parts/use-address'
import { acceptInviteAction } from '../actions'

/** The code comes from the link's path, or is typed or pasted in. */
export function InviteForm() {
  const codeInLink = useInviteCode() ?? undefined
  return (
    <AccountForm action={acceptInviteAction} submit="Join the band">
      {(state) => (
        <>
          <SignInFirst state={state} code={codeInLink} />
          <TextField
            key={codeInLink}
            label="Invite code or link"
            name="code"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            defaultValue={typedIn(state, 'code') ?? codeInLink}
            state={state}
          />
        </>
      )}
    </AccountForm>
  )
}

/** Who is not signed in does that first and comes back with the same code. */
function SignInFirst({ state, code }: { state: FormState; code: string | undefined }) {
  if (state.kind !== 'failed' || state.code !== 'signed_out') return null
  const typed = typedIn(state, 'code') ?? code ?? ''
  const back = encodeURIComponent(`/invite/${encodeURIComponent(typed)}`)
  return (
    <nav aria-label="Account" className="grid grid-cols-2 gap-2">
      <Button variant="secondary" asChild>
        <Link href={`/sign-in?callbackUrl=${back}`}>Sign in</Link>
      </Button>
      <Button variant="secondary" asChild>
        <Link href={`/sign-up?callbackUrl=${back}`}>Open an account</Link>
      </Button>
    </nav>
  )
}
