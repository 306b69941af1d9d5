'use client'

import { AccountForm } from '../../_parts/account-form'
import { EmailField } from '../../_parts/account-fields'
import { requestResetAction } from '../../actions'

export function ForgotForm() {
  return (
    <AccountForm action={requestResetAction} submit="Send me a link">
      {(state) => <EmailField state={state} />}
    </AccountForm>
  )
}
