'use client'

import { AccountForm } from '../_parts/account-form'
import { CurrentPasswordField, EmailField } from '../_parts/account-fields'
import { signInAction } from '../actions'

export function SignInForm() {
  return (
    <AccountForm action={signInAction} submit="Sign in">
      {(state) => (
        <>
          <EmailField state={state} />
          <CurrentPasswordField state={state} />
        </>
      )}
    </AccountForm>
  )
}
