'use client'

import type { ComponentProps } from 'react'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { errorOf, typedIn, type FormState } from './form-state'

interface TextFieldProps extends ComponentProps<'input'> {
  label: string
  name: string
  hint?: string
  state: FormState
}

/** A labelled control of an account form: says what is wrong with it and keeps what was typed. */
export function TextField({ label, name, hint, state, ...rest }: TextFieldProps) {
  return (
    <Field label={label} error={errorOf(state, name)} hint={hint}>
      {(control) => <Input {...control} name={name} required defaultValue={typedIn(state, name)} {...rest} />}
    </Field>
  )
}

export function EmailField({ state }: { state: FormState }) {
  return <TextField label="Email" name="email" type="email" autoComplete="username" inputMode="email" state={state} />
}

export function CurrentPasswordField({ state }: { state: FormState }) {
  return <TextField label="Password" name="password" type="password" autoComplete="current-password" state={state} />
}

interface NewPasswordFieldProps {
  name: 'password' | 'new_password'
  label: string
  state: FormState
}

export function NewPasswordField({ name, label, state }: NewPasswordFieldProps) {
  return (
    <TextField
      label={label}
      name={name}
      type="password"
      autoComplete="new-password"
      minLength={8}
      hint="8 characters or more. Several words are better than one with digits."
      state={state}
    />
  )
}
