'use client'

import { useActionState, useEffect, type ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { FRESH, type FormState } from './form-state'
import { useCallbackUrl } from './use-address'

interface AccountFormProps {
  action: (before: FormState, form: FormData) => Promise<FormState>
  submit: string
  children: (state: FormState) => ReactNode
}

/** A form that is sent to a server action (React repeats a click that came before hydration). Says what went wrong above its fields. */
export function AccountForm({ action, submit, children }: AccountFormProps) {
  const [state, send, isSending] = useActionState(action, FRESH)
  const callbackUrl = useCallbackUrl()
  const enteredPath = state.kind === 'entered' ? state.path : null
  // A whole navigation: the app is another page, with a policy, a worker and a state of its own.
  useEffect(() => {
    if (enteredPath !== null) window.location.assign(enteredPath)
  }, [enteredPath])
  const isBusy = isSending || enteredPath !== null
  if (state.kind === 'done') return <Callout tone="good">{state.message}</Callout>
  return (
    <form action={send} className="grid gap-4">
      {state.kind === 'failed' ? (
        <Callout tone="bad" role="alert">
          {state.message}
        </Callout>
      ) : null}
      <input type="hidden" name="callbackUrl" value={callbackUrl ?? ''} />
      {children(state)}
      <Button type="submit" size="lg" disabled={isBusy} aria-busy={isBusy}>
        {submit}
      </Button>
    </form>
  )
}
