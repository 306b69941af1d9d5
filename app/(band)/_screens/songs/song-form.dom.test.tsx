import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { SongForm } from './song-form'

afterEach(cleanup)

const values = { title: 'Creep', status: 'learning', lyrics: 'When you were here before', tags: ['cover'] }

function show(isEditable: boolean) {
  const told = vi.fn<(field: string, value: unknown, isSaved: boolean) => void>()
  render(<SongForm values={values} isEditable={isEditable} onChange={told} onLeave={() => {}} />)
  return told
}

test('whoever may only read a song can still read all of it: nothing is greyed out, nothing can be typed', () => {
  show(false)
  const controls = screen.getAllByRole<HTMLInputElement>('textbox')
  expect(controls.map((control) => [control.readOnly, control.disabled])).toEqual(controls.map(() => [true, false]))
  expect(screen.getByLabelText<HTMLInputElement>('Status').value).toBe('Learning')
})

test('a title of nothing is shown as wrong and not saved', () => {
  const told = show(true)
  fireEvent.change(screen.getByLabelText('Title'), { target: { value: ' ' } })
  expect(told).toHaveBeenLastCalledWith('title', ' ', false)
})

test('tags are told once their field is left', () => {
  const told = show(true)
  const tags = screen.getByLabelText('Tags')
  fireEvent.change(tags, { target: { value: 'cover, encore' } })
  expect(told).not.toHaveBeenCalled()
  fireEvent.blur(tags)
  expect(told).toHaveBeenLastCalledWith('tags', ['cover', 'encore'], true)
})
