'use client'

import { AccountForm } from '../_parts/account-form'
import { EmailField, NewPasswordField, TextField } from '../_parts/account-fields'
import { signUpAction } from '../actions'

export function SignUpForm() {
  return (
    <AccountForm action={signUpAction} submit="Open account">
      {(state) => (
        <>
          <TextField label="Name" name="name" autoComplete="name" hint="What your bandmates call you." state={state} />
          <EmailField state={state} />
          <NewPasswordField name="password" label="Password" state={state} />
        </>
      )}
    </AccountForm>
  )
}
