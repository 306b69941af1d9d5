import 'client-only'
import type { Row } from '@/entities'

/** How often a person is told to be here while the page is looked at. */
export const BEAT_MS = 30_000
/** Who was not heard of for so long is gone. */
export const SILENCE_MS = 45_000
/** Someone who goes through many pages tells the last one, not each. */
export const GAP_MS = 1_000

/** What was told last, and when by this device's clock. */
export interface Told {
  text: string
  atMs: number
}

/** What there is to tell now. */
export interface Telling {
  text: string
  isVisible: boolean
  isConnected: boolean
}

/** Milliseconds until presence is told: on change, then every 30 s; null while nobody looks or nobody could be reached. */
export function msUntilTold(
  told: Told | null,
  { text, isVisible, isConnected }: Telling,
  nowMs: number,
): number | null {
  if (!isVisible || !isConnected) return null
  if (told === null) return 0
  const waitMs = told.text === text ? BEAT_MS : GAP_MS
  return Math.max(0, told.atMs + waitMs - nowMs)
}

/**
 * What counts as told once another tab of this browser has said goodbye for both: nothing, a moment ago. Not told at once,
 * because where that tab signed out this one is about to end.
 */
export function toldNothing(nowMs: number): Told {
  return { text: '', atMs: nowMs }
}

/** A time the server is known to have reached, and when this device learnt of it: their clocks need not agree. */
export interface ServerTime {
  reachedMs: number
  learntAtMs: number
}

/** Learns the server's time from the newest row. An answer that took long makes it late, never early: nobody goes too soon. */
export function learnServerTime(
  known: ServerTime | null,
  rows: readonly Row<'presence'>[],
  nowMs: number,
): ServerTime | null {
  const newestMs = Math.max(-Infinity, ...rows.map(seenMs))
  if (newestMs <= serverNowMs(known, nowMs)) return known
  return { reachedMs: newestMs, learntAtMs: nowMs }
}

/** Somebody else who is here. */
export interface Present {
  user_id: string
  /** Where they were last. */
  page: string | null
  editing_entity: string | null
  editing_id: string | null
  /** One of their devices shows the page I look at. */
  isOnThisPage: boolean
}

export interface Onlooker {
  userId: string
  page: string
}

/** Who else is here, one of each, in an order that stays; `changesInMs` says when silence ends somebody's being here. */
export function peopleHere(
  rows: readonly Row<'presence'>[],
  { userId, page }: Onlooker,
  time: ServerTime | null,
  nowMs: number,
): { people: readonly Present[]; changesInMs: number | null } {
  const serverMs = serverNowMs(time, nowMs)
  const here = rows.filter((row) => row.user_id !== userId && seenMs(row) + SILENCE_MS > serverMs)
  const people = new Map<string, Present>()
  // The latest of a person's rows comes last and stays; one on this page counts whichever it is.
  for (const row of here.toSorted((a, b) => seenMs(a) - seenMs(b))) {
    const isOnThisPage = row.page === page || (people.get(row.user_id)?.isOnThisPage ?? false)
    const { user_id, editing_entity, editing_id } = row
    people.set(user_id, { user_id, page: row.page, editing_entity, editing_id, isOnThisPage })
  }
  const endsMs = here.map((row) => seenMs(row) + SILENCE_MS - serverMs)
  return {
    people: [...people.values()].toSorted((a, b) => (a.user_id < b.user_id ? -1 : 1)),
    changesInMs: endsMs.length === 0 ? null : Math.min(...endsMs),
  }
}

function seenMs({ last_seen_at }: Row<'presence'>): number {
  return Date.parse(last_seen_at)
}

function serverNowMs(time: ServerTime | null, nowMs: number): number {
  return time === null ? -Infinity : time.reachedMs + (nowMs - time.learntAtMs)
}
