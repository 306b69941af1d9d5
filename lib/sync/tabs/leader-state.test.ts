import { expect, test } from 'vitest'
import { nextLeader, type LeaderState } from './leader-state'

const following: LeaderState = { kind: 'following', heardAt: 0 }
const leading: LeaderState = { kind: 'leading', epoch: 4 }

test('T1 a leader that is silent for a second loses the lock to a visible follower, not sooner', () => {
  expect(nextLeader(following, { kind: 'tick', now: 999, isVisible: true }).action).toBe('ping')
  expect(nextLeader(following, { kind: 'tick', now: 1_000, isVisible: true })).toEqual({
    state: { kind: 'stealing' },
    action: 'steal',
  })
  const heard = nextLeader(following, { kind: 'heard-leader', now: 900, isLeaderVisible: true }).state
  expect(nextLeader(heard, { kind: 'tick', now: 1_000, isVisible: true }).action).toBe('ping')
})

test('T2 a hidden tab never takes the lock by force, nor the moment it is shown', () => {
  const hidden = nextLeader(following, { kind: 'tick', now: 60_000, isVisible: false })
  expect(hidden.action).toBe('none')
  expect(nextLeader(hidden.state, { kind: 'tick', now: 60_100, isVisible: true }).action).toBe('ping')
})

test('T3 a tab leads only once its epoch is written down', () => {
  const granted = nextLeader(following, { kind: 'lock-granted' })
  expect(granted).toEqual({ state: { kind: 'taking-office' }, action: 'write-epoch' })
  expect(nextLeader(granted.state, { kind: 'epoch-written', epoch: 5 })).toEqual({
    state: { kind: 'leading', epoch: 5 },
    action: 'lead',
  })
  expect(nextLeader(following, { kind: 'epoch-written', epoch: 5 }).state).toBe(following)
})

test('T4 a leader whose lock is lost stops at once and follows', () => {
  expect(nextLeader(leading, { kind: 'lock-lost', now: 7 })).toEqual({
    state: { kind: 'following', heardAt: 7 },
    action: 'stop-leading',
  })
})

test('T5 a hidden leader hands over to a visible follower that asks; a visible one keeps leading', () => {
  expect(nextLeader(following, { kind: 'heard-leader', now: 5, isLeaderVisible: false }, true).action).toBe(
    'ask-to-yield',
  )
  expect(nextLeader(following, { kind: 'heard-leader', now: 5, isLeaderVisible: false }, false).action).toBe('none')
  expect(nextLeader(leading, { kind: 'asked-to-yield', now: 5, isVisible: false }).action).toBe('release')
  expect(nextLeader(leading, { kind: 'asked-to-yield', now: 5, isVisible: true })).toEqual({
    state: leading,
    action: 'none',
  })
})

test('a closed tab takes no part in anything', () => {
  const closed = nextLeader(leading, { kind: 'closed' })
  expect(closed).toEqual({ state: { kind: 'closed' }, action: 'stop-leading' })
  expect(nextLeader(closed.state, { kind: 'lock-granted' }).state.kind).toBe('closed')
})
