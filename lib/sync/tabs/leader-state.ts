import 'client-only'
import { unreachable } from '@/lib/protocol/unreachable'

/** A leader that answers no ping for this long loses the lock. */
export const LEADER_SILENCE_MS = 1_000
/** How often a visible follower asks whether the leader lives. */
export const PING_MS = 500

/** This tab's part in the group of tabs. SPEC.md, "Leader". */
export type LeaderState =
  /** Waits in the queue for the lock; the last sign of the leader was at `heardAt`. */
  | { kind: 'following'; heardAt: number }
  /** Took the lock by force and waits to be given it. */
  | { kind: 'stealing' }
  /** Holds the lock; writes its epoch down before it does anything else. */
  | { kind: 'taking-office' }
  | { kind: 'leading'; epoch: number }
  | { kind: 'closed' }

export type LeaderEvent =
  | { kind: 'heard-leader'; now: number; isLeaderVisible: boolean }
  | { kind: 'tick'; now: number; isVisible: boolean }
  | { kind: 'lock-granted' }
  | { kind: 'epoch-written'; epoch: number }
  /** Another tab stole the lock, or wrote a younger epoch. */
  | { kind: 'lock-lost'; now: number }
  /** A visible follower asks a hidden leader to hand over. */
  | { kind: 'asked-to-yield'; now: number; isVisible: boolean }
  | { kind: 'closed' }

/** What the driver does next. */
export type LeaderAction =
  'none' | 'ping' | 'steal' | 'write-epoch' | 'lead' | 'stop-leading' | 'release' | 'ask-to-yield'

export interface LeaderStep {
  state: LeaderState
  action: LeaderAction
}

/** This tab's part after an event. Pure: no clock, locks or storage. */
export function nextLeader(state: LeaderState, event: LeaderEvent, isVisible = true): LeaderStep {
  if (state.kind === 'closed') return stay(state)
  switch (event.kind) {
    case 'heard-leader':
      if (state.kind !== 'following') return stay(state)
      return {
        state: { kind: 'following', heardAt: event.now },
        action: isVisible && !event.isLeaderVisible ? 'ask-to-yield' : 'none',
      }
    case 'tick':
      return ticked(state, event.now, event.isVisible)
    case 'lock-granted':
      return state.kind === 'following' || state.kind === 'stealing'
        ? { state: { kind: 'taking-office' }, action: 'write-epoch' }
        : stay(state)
    case 'epoch-written':
      return state.kind === 'taking-office'
        ? { state: { kind: 'leading', epoch: event.epoch }, action: 'lead' }
        : stay(state)
    case 'lock-lost':
      return lost(state, event.now)
    case 'asked-to-yield':
      // Never while visible: two visible windows would hand it to and fro.
      return state.kind === 'leading' && !event.isVisible
        ? { state: { kind: 'following', heardAt: event.now }, action: 'release' }
        : stay(state)
    case 'closed':
      return { state: { kind: 'closed' }, action: state.kind === 'leading' ? 'stop-leading' : 'none' }
    default:
      return unreachable(event)
  }
}

function ticked(state: LeaderState, now: number, isVisible: boolean): LeaderStep {
  if (state.kind !== 'following') return stay(state)
  // A hidden tab's timers are slowed down: it could not tell a dead leader from its own sleep.
  if (!isVisible) return { state: { kind: 'following', heardAt: now }, action: 'none' }
  if (now - state.heardAt >= LEADER_SILENCE_MS) return { state: { kind: 'stealing' }, action: 'steal' }
  return { state, action: 'ping' }
}

function lost(state: LeaderState, now: number): LeaderStep {
  switch (state.kind) {
    case 'leading':
      return { state: { kind: 'following', heardAt: now }, action: 'stop-leading' }
    case 'taking-office':
    case 'stealing':
      return { state: { kind: 'following', heardAt: now }, action: 'none' }
    case 'following':
    case 'closed':
      return stay(state)
    default:
      return unreachable(state)
  }
}

function stay(state: LeaderState): LeaderStep {
  return { state, action: 'none' }
}
