'use client'

import { AccountForm } from '../../_parts/account-form'
import { NewPasswordField, TextField } from '../../_parts/account-fields'
import { typedIn } from '../../_parts/form-state'
import { useAddressParam } from '../../_parts/use-address'
import { resetPasswordAction } from '../../actions'

/** The code comes from the mail's link, or is typed in. */
export function ResetForm() {
  const codeInLink = useAddressParam('code') ?? undefined
  return (
    <AccountForm action={resetPasswordAction} submit="Set password and sign in">
      {(state) => (
        <>
          <TextField
            key={codeInLink}
            label="Code"
            name="code"
            autoComplete="one-time-code"
            autoCapitalize="characters"
            spellCheck={false}
            defaultValue={typedIn(state, 'code') ?? codeInLink}
            state={state}
          />
          <NewPasswordField name="new_password" label="New password" state={state} />
        </>
      )}
    </AccountForm>
  )
}
