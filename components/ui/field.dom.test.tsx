import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'
import { Field } from './field'
import { Input } from './input'

afterEach(cleanup)

test('a control is found by its label and described by its hint and its error', () => {
  render(
    <Field label="Tempo" hint="Beats per minute" error="A number from 1 to 999.">
      {(control) => <Input {...control} defaultValue="fast" />}
    </Field>,
  )
  const control = screen.getByRole('textbox', { name: 'Tempo' })
  const described = control.getAttribute('aria-describedby')?.split(' ') ?? []
  const words = described.map((id) => document.getElementById(id)?.textContent)
  expect(words).toEqual(['Beats per minute', 'A number from 1 to 999.'])
  expect(control.getAttribute('aria-invalid')).toBe('true')
  expect(screen.getByRole('alert').textContent).toBe('A number from 1 to 999.')
})

test('a control without hint and error claims neither', () => {
  render(<Field label="Title">{(control) => <Input {...control} />}</Field>)
  const control = screen.getByRole('textbox', { name: 'Title' })
  expect(control.hasAttribute('aria-describedby')).toBe(false)
  expect(control.hasAttribute('aria-invalid')).toBe(false)
})
