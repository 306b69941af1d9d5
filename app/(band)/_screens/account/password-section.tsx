'use client'

import { toast } from 'sonner'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { Section } from '../../_shell/screen-page'
import { askAccountDoor } from './account-door'
import { textOf, useAccountForm } from './use-account-form'

/** Changes the password; every other session ends with it. */
export function PasswordSection() {
  const change = (form: FormData) => {
    const current = textOf(form, 'current_password')
    return askAccountDoor('POST', 'password', {
      ...(current === '' ? {} : { current_password: current }),
      new_password: textOf(form, 'new_password'),
    })
  }
  const { submit, isBusy, message, errors } = useAccountForm(change, () => {
    toast.success('Password changed', { description: 'Your other devices have to sign in again.' })
  })
  return (
    <Section title="Password" hint="Changing it signs you out on all other devices.">
      <form onSubmit={submit} className="grid grid-cols-1 gap-4 rounded-card border border-line bg-surface p-4 sm:p-5">
        <Field
          label="Current password"
          hint="Leave it empty if you have only signed in with GitHub or Google."
          error={errors['current_password']}
        >
          {(control) => <Input {...control} name="current_password" type="password" autoComplete="current-password" />}
        </Field>
        <Field label="New password" error={errors['new_password']}>
          {(control) => <Input {...control} name="new_password" type="password" autoComplete="new-password" required />}
        </Field>
        {message === null ? null : (
          <Callout tone="bad" role="alert">
            {message}
          </Callout>
        )}
        <Button type="submit" aria-busy={isBusy} disabled={isBusy} className="justify-self-start">
          Change password
        </Button>
      </form>
    </Section>
  )
}
