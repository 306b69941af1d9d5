import 'client-only'
import { HEARTBEAT_MS } from '@/lib/protocol/live'
import { unreachable } from '@/lib/protocol/unreachable'
import { backoffMs } from '../outbox/backoff'

/** When the live client opens, keeps, replaces and gives up connections. SPEC.md, "Live client". Pure: no clock, no fetch. */

/** How changes reach us: as they happen; as one long poll after another; or by asking every so often. */
export type Mode = 'stream' | 'hold' | 'interval'

/** A changed set of shapes is gathered for this long before a connection is opened for it. */
export const GATHER_MS = 50
/** A stream whose first line takes longer is being buffered somewhere on the way. */
export const FIRST_LINE_MS = 2_000
/** A stream that says nothing for two heartbeats is dead. */
export const SILENCE_MS = 2 * HEARTBEAT_MS
/** How long a long poll is held, and the first one after stepping down, which shall show soon whether anything gets through. */
export const HOLD_SECONDS = 20
export const FIRST_HOLD_SECONDS = 2
/** How much later than promised a poll may answer. */
export const POLL_PATIENCE_MS = 8_000
/** A stream that lived this long was no failure, however it ended. */
export const STEADY_MS = 5_000
const STREAM_FAILURES_MAX = 3
const HOLD_FAILURES_MAX = 2
const CLIMB_MS = 30_000
const CLIMB_MS_MAX = 600_000

export interface Connection {
  id: number
  mode: Mode
  /** Seconds the server holds it; null for a stream. */
  holdSeconds: number | null
  openedAt: number
  heardAt: number
}

export interface PolicyState {
  /** What works here as far as is known. */
  mode: Mode
  /** False: never stream (flag). */
  isRealtime: boolean
  intervalMs: number
  /** Whether nobody wants anything. */
  isEmpty: boolean
  nextId: number
  /** The connection that delivers. */
  current: Connection | null
  /** Asked for, nothing heard yet. */
  opening: Connection | null
  openAt: number | null
  /** Failures in a row. */
  failures: number
  /** Whether a poll answered since stepping down. */
  isHoldProven: boolean
  climbAt: number
  climbDelayMs: number
}

export type PolicyEvent =
  | { kind: 'set-changed'; isEmpty: boolean }
  | { kind: 'line'; id: number }
  /** The body ended or broke off. */
  | { kind: 'ended'; id: number }
  /** Not what we asked for: no answer, not ours, or a refusal of the whole. */
  | { kind: 'failed'; id: number; isServerReached: boolean; retryAfterMs: number }
  | { kind: 'signed-out' }
  /** Something hints that it may work now. */
  | { kind: 'wake' }
  | { kind: 'configured'; isRealtime: boolean; intervalMs: number }
  | { kind: 'tick' }

export type PolicyAction =
  | { kind: 'open'; id: number; hold: 'stream' | number }
  | { kind: 'close'; id: number }
  | { kind: 'tell-failed'; isServerReached: boolean }
  | { kind: 'tell-answered' }
  | { kind: 'tell-mode'; mode: Mode }

export interface Moment {
  now: number
  /** Uniform in [0, 1). */
  random: number
}

export interface PolicyStep {
  state: PolicyState
  actions: PolicyAction[]
}

export function newPolicy(isRealtime: boolean, intervalMs: number): PolicyState {
  return {
    mode: isRealtime ? 'stream' : 'interval',
    isRealtime,
    intervalMs,
    isEmpty: true,
    nextId: 1,
    current: null,
    opening: null,
    openAt: null,
    failures: 0,
    isHoldProven: false,
    climbAt: 0,
    climbDelayMs: CLIMB_MS,
  }
}

/** The state after an event and what to do about it. */
export function nextPolicy(state: PolicyState, event: PolicyEvent, at: Moment): PolicyStep {
  switch (event.kind) {
    case 'set-changed':
      return setChanged(state, event.isEmpty, at)
    case 'line':
      return heard(state, event.id, at)
    case 'ended':
      return ended(state, event.id, at)
    case 'failed':
      return failed(state, event, at)
    case 'signed-out':
      return closeAll(state)
    case 'wake':
      return { state: woken(state, at), actions: [] }
    case 'configured':
      return configured(state, event, at)
    case 'tick':
      return ticked(state, at)
    default:
      return unreachable(event)
  }
}

/** When `tick` is due next; null while nothing waits for time to pass. */
export function nextDeadline({ current, opening, openAt }: PolicyState): number | null {
  const deadlines = [
    openAt,
    opening && opening.openedAt + patienceMs(opening, current !== null),
    current && silentAt(current),
  ].filter((each) => each !== null)
  return deadlines.length === 0 ? null : Math.min(...deadlines)
}

function patienceMs({ mode, holdSeconds }: Connection, isCovered: boolean): number {
  // While another connection delivers, slowness is no sign of buffering.
  if (mode === 'stream') return isCovered ? SILENCE_MS : FIRST_LINE_MS
  return (holdSeconds ?? 0) * 1_000 + POLL_PATIENCE_MS
}

function silentAt({ mode, holdSeconds, openedAt, heardAt }: Connection): number {
  return mode === 'stream' ? heardAt + SILENCE_MS : openedAt + (holdSeconds ?? 0) * 1_000 + POLL_PATIENCE_MS
}

function setChanged(state: PolicyState, isEmpty: boolean, { now }: Moment): PolicyStep {
  if (isEmpty) return closeAll(state)
  const isWaitingOut = state.openAt !== null && state.failures > 0
  // Whoever joins during a pause after failures waits it out with the others.
  const openAt = isWaitingOut ? state.openAt : Math.min(state.openAt ?? Infinity, now + GATHER_MS)
  return { state: { ...state, isEmpty: false, openAt }, actions: [] }
}

function closeAll(state: PolicyState): PolicyStep {
  const actions = closing(state.current, state.opening)
  return { state: { ...state, isEmpty: true, current: null, opening: null, openAt: null }, actions }
}

function closing(...connections: (Connection | null)[]): PolicyAction[] {
  return connections.flatMap((each) => (each ? [{ kind: 'close', id: each.id } as const] : []))
}

function heard(state: PolicyState, id: number, { now }: Moment): PolicyStep {
  const { current, opening } = state
  if (current?.id === id) {
    const failures = now - current.openedAt >= STEADY_MS ? 0 : state.failures
    return { state: { ...state, failures, current: { ...current, heardAt: now } }, actions: [] }
  }
  if (opening?.id !== id) return { state, actions: [] }
  const promoted: PolicyState = { ...state, current: { ...opening, heardAt: now }, opening: null }
  const actions = closing(current)
  if (opening.mode !== 'stream') return { state: promoted, actions }
  return turned({ ...promoted, climbDelayMs: CLIMB_MS, isHoldProven: false }, 'stream', actions)
}

function turned(state: PolicyState, mode: Mode, actions: PolicyAction[]): PolicyStep {
  if (state.mode === mode) return { state, actions }
  return { state: { ...state, mode }, actions: [...actions, { kind: 'tell-mode', mode }] }
}

function ended(state: PolicyState, id: number, at: Moment): PolicyStep {
  const { current } = state
  if (state.opening?.id === id) return failed(state, { id, isServerReached: false, retryAfterMs: 0 }, at)
  if (current?.id !== id) return { state, actions: [] }
  const gone: PolicyState = { ...state, current: null }
  if (current.mode !== 'stream') return pollAnswered(gone, current.mode, at)
  const isSteady = at.now - current.openedAt >= STEADY_MS
  const failures = isSteady ? 0 : state.failures + 1
  // A steady stream ends for its time limit or a hiccup; one that ends at once would be reopened in a circle.
  const openAt = isSteady ? at.now : at.now + backoffMs(failures, at.random)
  return { state: { ...gone, failures, openAt: earliest(gone, openAt) }, actions: [] }
}

function pollAnswered(state: PolicyState, mode: Mode, { now }: Moment): PolicyStep {
  // After an outage the way may be better than before it.
  const climbAt = state.failures > 0 ? now : state.climbAt
  const openAt = mode === 'interval' ? now + state.intervalMs : now
  return {
    state: { ...state, failures: 0, isHoldProven: true, climbAt, openAt: earliest(state, openAt) },
    actions: [{ kind: 'tell-answered' }],
  }
}

/** A replacement that is on its way, or due sooner, needs no second one. */
function earliest({ isEmpty, opening, openAt }: PolicyState, wanted: number): number | null {
  if (isEmpty) return null
  if (opening) return openAt
  return openAt === null ? wanted : Math.min(openAt, wanted)
}

function failed(
  state: PolicyState,
  event: { id: number; isServerReached: boolean; retryAfterMs: number },
  at: Moment,
): PolicyStep {
  const connection = [state.current, state.opening].find((each) => each?.id === event.id)
  if (!connection) return { state, actions: [] }
  const isOpening = state.opening?.id === event.id
  const rest: PolicyState = isOpening ? { ...state, opening: null } : { ...state, current: null }
  const actions = closing(connection)
  if (isProbe(state, connection)) return probeFailed(rest, at, actions)
  const failures = state.failures + 1
  const openAt = at.now + backoffMs(failures, at.random, event.retryAfterMs)
  const mode = event.isServerReached ? state.mode : modeAfter(state.mode, failures, state.isRealtime)
  const climbAt = mode === state.mode ? state.climbAt : at.now + state.climbDelayMs
  const waiting: PolicyState = { ...rest, failures, climbAt, openAt: rest.opening ? rest.openAt : openAt }
  actions.push({ kind: 'tell-failed', isServerReached: event.isServerReached })
  return turned({ ...waiting, isHoldProven: waiting.isHoldProven && mode === state.mode }, mode, actions)
}

/** Steps down when a way fails again and again: perhaps it is the way and not the network. */
function modeAfter(mode: Mode, failures: number, isRealtime: boolean): Mode {
  if (!isRealtime) return 'interval'
  if (mode === 'stream') return failures >= STREAM_FAILURES_MAX ? 'hold' : 'stream'
  return mode === 'hold' && failures >= STREAM_FAILURES_MAX + HOLD_FAILURES_MAX ? 'interval' : mode
}

/** A stream opened from a lower step, to see whether it works again. */
function isProbe(state: PolicyState, connection: Connection): boolean {
  return connection.mode === 'stream' && state.mode !== 'stream'
}

function probeFailed(state: PolicyState, { now }: Moment, actions: PolicyAction[]): PolicyStep {
  const climbAt = now + state.climbDelayMs
  const climbDelayMs = Math.min(2 * state.climbDelayMs, CLIMB_MS_MAX)
  return { state: { ...state, climbAt, climbDelayMs, openAt: state.isEmpty ? null : now }, actions }
}

function woken(state: PolicyState, { now }: Moment): PolicyState {
  if (state.openAt === null) return { ...state, climbAt: now }
  return { ...state, climbAt: now, openAt: Math.min(state.openAt, now) }
}

function configured(
  state: PolicyState,
  { isRealtime, intervalMs }: { isRealtime: boolean; intervalMs: number },
  { now }: Moment,
): PolicyStep {
  if (isRealtime === state.isRealtime) return { state: { ...state, intervalMs }, actions: [] }
  const openAt = state.isEmpty ? null : now
  const changed: PolicyState = { ...state, isRealtime, intervalMs, current: null, opening: null, openAt, climbAt: now }
  return turned(changed, isRealtime ? 'stream' : 'interval', closing(state.current, state.opening))
}

function ticked(state: PolicyState, at: Moment): PolicyStep {
  const { opening, current } = state
  if (opening && at.now >= opening.openedAt + patienceMs(opening, current !== null)) {
    return opening.mode === 'stream' && !current ? stepDown(state, opening, at) : tickAfterFailure(state, opening, at)
  }
  if (current && at.now >= silentAt(current)) return tickAfterFailure(state, current, at)
  if (state.openAt !== null && at.now >= state.openAt) return open(state, at)
  return { state, actions: [] }
}

function tickAfterFailure(state: PolicyState, { id }: Connection, at: Moment): PolicyStep {
  return failed(state, { id, isServerReached: false, retryAfterMs: 0 }, at)
}

/** The stream is being buffered: long polls get through where streams do not. */
function stepDown(state: PolicyState, opening: Connection, at: Moment): PolicyStep {
  const rest: PolicyState = { ...state, opening: null }
  const actions = closing(opening)
  if (isProbe(state, opening)) return probeFailed(rest, at, actions)
  const climbAt = at.now + state.climbDelayMs
  const climbDelayMs = Math.min(2 * state.climbDelayMs, CLIMB_MS_MAX)
  return turned({ ...rest, openAt: at.now, isHoldProven: false, climbAt, climbDelayMs }, 'hold', actions)
}

function open(state: PolicyState, { now }: Moment): PolicyStep {
  if (state.isEmpty) return { state: { ...state, openAt: null }, actions: [] }
  const mode = modeToTry(state, now)
  const holdSeconds = holdSecondsOf(mode, state.isHoldProven)
  const opening: Connection = { id: state.nextId, mode, holdSeconds, openedAt: now, heardAt: now }
  // A stream goes on until its successor speaks; a poll answers only once, so it is simply asked again.
  const isSucceeded = state.current?.mode === 'stream' && mode === 'stream'
  return {
    state: {
      ...state,
      nextId: state.nextId + 1,
      opening,
      current: isSucceeded ? state.current : null,
      openAt: null,
    },
    actions: [
      ...closing(state.opening, isSucceeded ? null : state.current),
      { kind: 'open', id: opening.id, hold: holdSeconds ?? 'stream' },
    ],
  }
}

function modeToTry({ mode, isRealtime, climbAt }: PolicyState, now: number): Mode {
  if (!isRealtime) return 'interval'
  return now >= climbAt ? 'stream' : mode
}

function holdSecondsOf(mode: Mode, isHoldProven: boolean): number | null {
  switch (mode) {
    case 'stream':
      return null
    case 'hold':
      return isHoldProven ? HOLD_SECONDS : FIRST_HOLD_SECONDS
    case 'interval':
      return 0
    default:
      return unreachable(mode)
  }
}
