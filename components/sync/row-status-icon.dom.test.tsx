import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'
import type { RowStatus } from '@/lib/sync/types'
import { RowStatusIcon } from './row-status-icon'
import { ROW_STATUS_WORDS } from './status-words'

afterEach(cleanup)

const STATUSES = Object.keys(ROW_STATUS_WORDS) as RowStatus[]

test('every state has its own words and its own drawing: never colour alone', () => {
  const drawings = STATUSES.map((status) => {
    const { container, unmount } = render(<RowStatusIcon status={status} text="shown" />)
    screen.getByText(ROW_STATUS_WORDS[status])
    const drawing = container.querySelector('svg')?.innerHTML
    unmount()
    return drawing
  })
  expect(new Set(drawings).size).toBe(STATUSES.length)
  expect(new Set(Object.values(ROW_STATUS_WORDS)).size).toBe(STATUSES.length)
})

test('what is on its way or waits is busy, what needs a person is not', () => {
  const busy = STATUSES.filter((status) => {
    const { container, unmount } = render(<RowStatusIcon status={status} />)
    const isBusy = container.querySelector('[aria-busy=true]') !== null
    unmount()
    return isBusy
  })
  expect(busy).toEqual(['syncing', 'pending'])
})

test('both sizes are there, and hidden words are still read out', () => {
  for (const [size, className] of [
    ['sm', 'size-4'],
    ['md', 'size-5'],
  ] as const) {
    const { container, unmount } = render(<RowStatusIcon status="error" size={size} text="hidden" />)
    expect(container.querySelector('svg')?.classList.contains(className)).toBe(true)
    expect(screen.getByText('Not saved').className).toContain('sr-only')
    unmount()
  }
})
