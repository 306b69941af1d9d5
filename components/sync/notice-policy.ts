import { entityNamed } from '@/entities'

/** One change of the band's log, as far as notices look at it. */
export interface SeenChange {
  id: string
  entity: string
  op: 'insert' | 'update' | 'delete' | 'restore'
  /** What the row is called. */
  summary: string
  actorId: string | null
  clientId: string | null
}

export interface NoticeContext {
  /** Milliseconds since 1970. */
  now: number
  userId: string
  clientId: string | null
  /** The change is old news: this device was away when it happened. */
  isCatchingUp: boolean
  nameOf: (userId: string | null) => string
}

/** A toast that is up: changes of the same person join it. */
interface OpenNotice {
  key: string
  count: number
  lastAt: number
}

export interface NoticeState {
  open: readonly OpenNotice[]
  /** When each change of the last ten seconds came. */
  recent: readonly number[]
  /** How many changes the summary of the time away speaks of; it counts on while it is up. */
  away: { count: number; lastAt: number } | null
}

export type Notice =
  | { kind: 'none' }
  /** `key` is the toast's id: a notice with the same key replaces it. */
  | { kind: 'show'; key: string; title: string; detail: string | null; actorId: string | null }

export const MERGE_MS = 5_000
const PAUSE_WINDOW_MS = 10_000
const PAUSE_ABOVE = 5

export const NO_NOTICES: NoticeState = { open: [], recent: [], away: null }

/**
 * What people are told of one change: nothing of their own here, one toast per person within five seconds, one summary
 * of the time away, and silence when more than five come within ten seconds (the activity list has them all).
 */
export function notice(state: NoticeState, change: SeenChange, context: NoticeContext): [NoticeState, Notice] {
  const entity = entityNamed(change.entity)
  const isFromHere = change.clientId !== null && change.clientId === context.clientId
  if (!entity?.notice || isFromHere) return [state, { kind: 'none' }]
  return context.isCatchingUp ? summarize(state, context) : announce(state, change, entity.noun, context)
}

function summarize(state: NoticeState, { now }: NoticeContext): [NoticeState, Notice] {
  const isUp = state.away !== null && now - state.away.lastAt < MERGE_MS
  const count = (isUp ? (state.away?.count ?? 0) : 0) + 1
  const title = count === 1 ? 'One change while you were away' : `${count} changes while you were away`
  return [
    { ...state, away: { count, lastAt: now } },
    { kind: 'show', key: 'away', title, detail: null, actorId: null },
  ]
}

function announce(
  state: NoticeState,
  change: SeenChange,
  noun: string,
  { now, userId, nameOf }: NoticeContext,
): [NoticeState, Notice] {
  const recent = [...state.recent.filter((at) => now - at < PAUSE_WINDOW_MS), now]
  const open = state.open.filter((each) => now - each.lastAt < MERGE_MS)
  if (recent.length > PAUSE_ABOVE) return [{ ...state, recent, open }, { kind: 'none' }]
  const isMine = change.actorId === userId
  const who = isMine ? 'You' : nameOf(change.actorId)
  const where = isMine ? ' on another device' : ''
  const person = change.actorId ?? 'nobody'
  const joined = open.find((each) => each.key.startsWith(`${person}:`))
  const key = joined?.key ?? `${person}:${change.id}`
  const count = (joined?.count ?? 0) + 1
  const next = { ...state, recent, open: [...open.filter((each) => each !== joined), { key, count, lastAt: now }] }
  const title = joined
    ? `${count} changes by ${isMine ? 'you' : who}${where}`
    : `${who} ${DONE[change.op]} ${article(noun)} ${noun}${where}`
  return [next, { kind: 'show', key, title, detail: change.summary, actorId: change.actorId }]
}

const DONE = { insert: 'added', update: 'changed', delete: 'deleted', restore: 'restored' } as const

function article(noun: string): string {
  return /^[aeiou]/i.test(noun) ? 'an' : 'a'
}
