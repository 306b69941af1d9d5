import { cleanup, fireEvent, render } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'
import { Avatar } from './avatar'

afterEach(cleanup)

test('a picture that does not load gives way to initials, and another picture is tried again', () => {
  const { container, rerender } = render(<Avatar name="Sarah Night" src="https://pictures.test/gone.png" />)
  const picture = () => container.querySelector('img')
  fireEvent.error(picture() as HTMLImageElement)
  expect(picture()).toBeNull()
  expect(container.textContent).toBe('SN')
  rerender(<Avatar name="Sarah Night" src="https://pictures.test/new.png" />)
  expect(picture()?.src).toBe('https://pictures.test/new.png')
})
