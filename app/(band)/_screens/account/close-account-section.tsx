'use client'

import { useState, type FormEvent } from 'react'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { useSync } from '@/lib/sync'
import { Section } from '../../_shell/screen-page'
import { askAccountDoor } from './account-door'
import { leave } from './sign-out'
import { textOf, useAccountForm } from './use-account-form'

/** Closes the account for good, after the password. */
export function CloseAccountSection() {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <Section
      title="Close account"
      hint="Your name, email and private notes go; what you wrote in bands stays with them."
    >
      <Button variant="danger" className="justify-self-start" onClick={() => setIsOpen(true)}>
        Close my account…
      </Button>
      {isOpen ? <CloseAccountDialog onClose={() => setIsOpen(false)} /> : null}
    </Section>
  )
}

function CloseAccountDialog({ onClose }: { onClose: () => void }) {
  const sync = useSync()
  const close = (form: FormData) => {
    const password = textOf(form, 'password')
    const ask = () => askAccountDoor('DELETE', 'account', password === '' ? {} : { password })
    return sync ? leave(sync, ask) : ask()
  }
  const { submit, isBusy, message, errors } = useAccountForm(close, () => {})
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Close your account?"
      description="This cannot be undone. You leave all bands and projects, on all devices, at once."
      footer={
        <>
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="danger" type="submit" form="close-account" disabled={isBusy} aria-busy={isBusy}>
            Close my account
          </Button>
        </>
      }
    >
      <form
        id="close-account"
        onSubmit={(event: FormEvent<HTMLFormElement>) => submit(event)}
        className="grid grid-cols-1 gap-4 py-1"
      >
        <Field label="Your password" error={errors['password']}>
          {(control) => (
            <Input {...control} data-autofocus name="password" type="password" autoComplete="current-password" />
          )}
        </Field>
        {message === null ? null : (
          <Callout tone="bad" role="alert">
            {message}
          </Callout>
        )}
      </form>
    </Dialog>
  )
}
