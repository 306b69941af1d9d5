'use client'

import { useState, type FormEvent } from 'react'
import type { AccountAnswer } from './account-door'

const NO_ERRORS: Readonly<Record<string, string>> = {}

/** A form of account work: busy while it is asked, then done or with the words of the refusal. */
export function useAccountForm(ask: (form: FormData) => Promise<AccountAnswer>, onDone: () => void) {
  const [isBusy, setIsBusy] = useState(false)
  const [refusal, setRefusal] = useState<Extract<AccountAnswer, { kind: 'refused' }> | null>(null)
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    setIsBusy(true)
    void ask(new FormData(form)).then((answer) => {
      setIsBusy(false)
      setRefusal(answer.kind === 'refused' ? answer : null)
      if (answer.kind !== 'done') return
      form.reset()
      onDone()
    })
  }
  return { submit, isBusy, message: refusal?.message ?? null, errors: refusal?.fieldErrors ?? NO_ERRORS }
}

/** A text of a form; empty where there is none. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
