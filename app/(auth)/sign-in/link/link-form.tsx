'use client'

import { AccountForm } from '../../_parts/account-form'
import { CurrentPasswordField } from '../../_parts/account-fields'
import { linkAction } from '../../actions'

export function LinkForm() {
  return (
    <AccountForm action={linkAction} submit="Link and sign in">
      {(state) => <CurrentPasswordField state={state} />}
    </AccountForm>
  )
}
