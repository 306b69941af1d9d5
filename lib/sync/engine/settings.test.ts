import { expect, test } from 'vitest'
import type { Me } from '@/lib/protocol/me'
import { settingsIn } from './settings'

const me: Me = {
  user: { id: 'x', email: 'x', name: null, image: null, isAdmin: false },
  sessionExpiresAt: '2026-11-20T18:00:00.000Z',
  flags: { realtime: false, syncIcons: true, toasts: true },
  syncIntervalMs: 7_000,
  schemaVersion: 1,
  serverTime: '2026-11-20T18:00:00.000Z',
}

test('what the server says of realtime and polling is taken over', () => {
  expect(settingsIn(me)).toEqual({ isRealtime: false, syncIntervalMs: 7_000 })
})

test.each([
  [null],
  ['<html>'],
  [{}],
  [{ user: {} }],
  [{ ...me, syncIntervalMs: 0 }],
  [{ ...me, flags: { realtime: 1 } }],
])('an answer that says nothing of them changes nothing: %j', (answer) => {
  expect(settingsIn(answer)).toBeNull()
})
