import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'
import type { ConnectionKind, ConnectionView } from '@/lib/sync/types'
import { ConnectionBadge } from './connection-badge'

afterEach(cleanup)

const live: ConnectionView = {
  kind: 'live',
  since: 0,
  lastSyncedAt: Date.now() - 130_000,
  areReadsDelayed: false,
  unsentCount: 0,
  oldestUnsentAt: null,
  nextRetryAt: null,
  stuck: null,
  durability: 'kept',
  storage: null,
}

const show = (connection: Partial<ConnectionView>) =>
  render(<ConnectionBadge connection={{ ...live, ...connection }} layout="sidebar" />)

test.each<[ConnectionKind, string]>([
  ['live', 'Connected'],
  ['polling', 'Connected'],
  ['connecting', 'Connecting'],
  ['offline', 'Offline'],
  ['signed-out', 'Signed out'],
])('%s reads %s, in a polite live region', (kind, word) => {
  show({ kind })
  expect(screen.getByRole('status').textContent).toBe(word)
})

test('what is unsent is counted only while there is something', () => {
  show({}).unmount()
  expect(screen.queryByText(/pending/)).toBeNull()
  show({ unsentCount: 3 })
  expect(screen.getByRole('status').textContent).toBe('Connected3 pending')
})

test('the last sync is said in relative words', () => {
  show({})
  screen.getByText('Synced 2 min ago')
})

test('when only others’ changes are late, that is said instead', () => {
  show({ areReadsDelayed: true })
  screen.getByText('Saved; others’ changes delayed')
})
