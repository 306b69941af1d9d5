import { cleanup, render, screen, within } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'
import type { Present } from '@/lib/sync/react/presence-policy'
import { PresenceAvatars } from './presence-avatars'

afterEach(cleanup)

const NAMES = ['Alex', 'Mia', 'Noah', 'Olga', 'Pia', 'Quinn']

function show(count: number, onThisPage: string[] = []) {
  const people = NAMES.slice(0, count).map((name): Present => {
    const isOnThisPage = onThisPage.includes(name)
    return { user_id: name.toLowerCase(), page: null, editing_entity: null, editing_id: null, isOnThisPage }
  })
  const nameOf = (id: string) => NAMES.find((name) => name.toLowerCase() === id) ?? '?'
  render(<PresenceAvatars people={people} nameOf={nameOf} pictureOf={() => null} />)
}

const items = () =>
  within(screen.getByRole('list', { name: 'Here now' }))
    .getAllByRole('listitem')
    .map((item) => item.getAttribute('title'))

test('with nobody else here there is nothing', () => {
  show(0)
  expect(screen.queryByRole('list')).toBeNull()
})

test('each avatar says whose it is, those on the same page first and in words', () => {
  show(3, ['Noah'])
  expect(items()).toEqual(['Noah, on this page', 'Alex', 'Mia'])
  screen.getByText('Noah, on this page')
})

test('four are all shown; of six, four are shown and the others are counted and named', () => {
  show(4)
  expect(items()).toHaveLength(4)
  cleanup()
  show(6)
  expect(items()).toHaveLength(5)
  expect(screen.getByText('+2').getAttribute('aria-hidden')).toBe('true')
  screen.getByText('and Pia; Quinn')
})
