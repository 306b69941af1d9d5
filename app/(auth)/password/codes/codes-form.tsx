'use client'

import { AccountForm } from '../../_parts/account-form'
import { EmailField } from '../../_parts/account-fields'
import { handOutCodeAction } from '../../actions'

export function CodesForm() {
  return (
    <AccountForm action={handOutCodeAction} submit="Make a code">
      {(state) => <EmailField state={state} />}
    </AccountForm>
  )
}
