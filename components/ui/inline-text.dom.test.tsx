import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { InlineText } from './inline-text'

afterEach(cleanup)

function open(props: Partial<Parameters<typeof InlineText>[0]> = {}) {
  const told = vi.fn<(text: string) => void>()
  const ended = vi.fn<() => void>()
  const all = { label: 'Title', value: 'Creep', isEditable: true, onType: told, onEnd: ended, ...props }
  const { rerender } = render(<InlineText {...all} />)
  fireEvent.click(screen.getByRole('button', { name: 'Title: Creep. Edit' }))
  const input = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Title' })
  return { told, ended, input, setValue: (value: string) => rerender(<InlineText {...all} value={value} />) }
}

const type = (input: HTMLInputElement, text: string) => fireEvent.change(input, { target: { value: text } })

test('every keystroke is told at once, and Enter ends it', () => {
  const { told, ended, input } = open()
  type(input(), 'Creep!')
  expect(told).toHaveBeenLastCalledWith('Creep!')
  fireEvent.keyDown(input(), { key: 'Enter' })
  expect(ended).toHaveBeenCalled()
  expect(screen.queryByRole('textbox')).toBeNull()
})

test('Enter that chooses a character of an input method does not end the typing', () => {
  const { ended, input } = open()
  type(input(), '歌')
  fireEvent.keyDown(input(), { key: 'Enter', isComposing: true })
  expect(ended).not.toHaveBeenCalled()
  expect(input().value).toBe('歌')
})

test('Escape brings the former text back, also to those who were told another', () => {
  const { told, input } = open()
  type(input(), 'Crap')
  fireEvent.keyDown(input(), { key: 'Escape' })
  expect(told.mock.calls.flat()).toEqual(['Crap', 'Creep'])
})

test('Escape without a keystroke tells nobody anything', () => {
  const { told, input } = open()
  fireEvent.keyDown(input(), { key: 'Escape' })
  expect(told).not.toHaveBeenCalled()
})

test('a change from elsewhere does not touch the text under the cursor', () => {
  const { input, setValue } = open()
  type(input(), 'Creep, mine')
  setValue('Creep, theirs')
  expect(input().value).toBe('Creep, mine')
})

test('a wrong text is said to be wrong and told to nobody', () => {
  const { told, input } = open({ check: (text) => (text === '' ? 'A song needs a title.' : null) })
  type(input(), '')
  expect(screen.getByRole('alert').textContent).toBe('A song needs a title.')
  expect(input().getAttribute('aria-invalid')).toBe('true')
  fireEvent.blur(input())
  expect(told).not.toHaveBeenCalled()
})

test('a text that means something only as a whole is told at the end', () => {
  const { told, input } = open({ isToldAtEnd: true })
  type(input(), 'enc')
  type(input(), 'encore')
  expect(told).not.toHaveBeenCalled()
  fireEvent.blur(input())
  expect(told.mock.calls.flat()).toEqual(['encore'])
})
