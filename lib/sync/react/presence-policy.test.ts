import { describe, expect, test } from 'vitest'
import type { Row } from '@/entities'
import {
  BEAT_MS,
  GAP_MS,
  learnServerTime,
  msUntilTold,
  peopleHere,
  SILENCE_MS,
  toldNothing,
  type ServerTime,
} from './presence-policy'

const [SARAH, ALEX, NOAH] = ['sarah', 'alex', 'noah'] as const
const SERVER_MS = Date.UTC(2026, 10, 20, 18)

let nextKey = 0
function row(user_id: string, seenMs: number, page: string | null = '/songs'): Row<'presence'> {
  const key = `row-${nextKey++}`
  return {
    id: key,
    band_id: 'band',
    client_id: key,
    user_id,
    page,
    editing_entity: null,
    editing_id: null,
    last_seen_at: new Date(seenMs).toISOString(),
  }
}

describe('telling', () => {
  const wish = { text: 'on /songs', isVisible: true, isConnected: true }

  test('the first look is told at once, an unchanged one every 30 s', () => {
    expect(msUntilTold(null, wish, 1_000)).toBe(0)
    const told = { text: wish.text, atMs: 1_000 }
    expect(msUntilTold(told, wish, 1_000)).toBe(BEAT_MS)
    expect(msUntilTold(told, wish, 1_000 + BEAT_MS - 1)).toBe(1)
    expect(msUntilTold(told, wish, 1_000 + BEAT_MS * 3)).toBe(0)
  })

  test('a change is told at once, but not more than one each second', () => {
    const told = { text: 'on /members', atMs: 1_000 }
    expect(msUntilTold(told, wish, 1_000)).toBe(GAP_MS)
    expect(msUntilTold(told, wish, 1_000 + GAP_MS)).toBe(0)
  })

  test('when another tab has said goodbye for both it is told again, but not at once', () => {
    expect(msUntilTold(toldNothing(1_000), wish, 1_000)).toBe(GAP_MS)
    expect(msUntilTold(toldNothing(1_000), wish, 1_000 + GAP_MS)).toBe(0)
  })

  test.each([{ isVisible: false }, { isConnected: false }])('nothing is told while %o', (missing) => {
    expect(msUntilTold(null, { ...wish, ...missing }, 1_000)).toBeNull()
  })
})

describe('who is here', () => {
  const onlooker = { userId: SARAH, page: '/songs' }
  const at = (nowMs: number): ServerTime => ({ reachedMs: SERVER_MS, learntAtMs: nowMs })

  test('each of the others once, with the page of their latest device, and never me', () => {
    const rows = [row(ALEX, SERVER_MS, '/members'), row(ALEX, SERVER_MS - 20_000), row(SARAH, SERVER_MS)]
    const { people } = peopleHere(rows, onlooker, at(0), 0)
    expect(people.map(({ user_id, page, isOnThisPage }) => [user_id, page, isOnThisPage])).toEqual([
      [ALEX, '/members', true],
    ])
  })

  test('who was silent for 45 s of the server’s time is gone, and it is known when', () => {
    const rows = [row(ALEX, SERVER_MS), row(NOAH, SERVER_MS - 40_000)]
    const names = (nowMs: number) => peopleHere(rows, onlooker, at(0), nowMs).people.map(({ user_id }) => user_id)
    expect(peopleHere(rows, onlooker, at(0), 0).changesInMs).toBe(5_000)
    expect(names(4_999)).toEqual([ALEX, NOAH])
    expect(names(5_000)).toEqual([ALEX])
    expect(names(SILENCE_MS)).toEqual([])
    expect(peopleHere(rows, onlooker, at(0), SILENCE_MS).changesInMs).toBeNull()
  })

  test.each([-86_400_000, 0, 86_400_000])('a clock that is %i ms off changes nothing', (offMs) => {
    const rows = [row(ALEX, SERVER_MS)]
    const seenAtMs = SERVER_MS + offMs
    const time = learnServerTime(null, rows, seenAtMs)
    expect(peopleHere(rows, onlooker, time, seenAtMs + SILENCE_MS - 1).people).toHaveLength(1)
    expect(peopleHere(rows, onlooker, time, seenAtMs + SILENCE_MS).people).toHaveLength(0)
  })
})

describe('the server’s time', () => {
  test('is learnt from the newest row and moves on with this device’s clock', () => {
    const first = learnServerTime(null, [row(ALEX, SERVER_MS), row(NOAH, SERVER_MS - 9_000)], 500)
    expect(first).toEqual({ reachedMs: SERVER_MS, learntAtMs: 500 })
    expect(learnServerTime(first, [row(ALEX, SERVER_MS + 60_000)], 1_000)).toEqual({
      reachedMs: SERVER_MS + 60_000,
      learntAtMs: 1_000,
    })
  })

  test('never goes back: rows that come late, or none, teach nothing', () => {
    const known = { reachedMs: SERVER_MS, learntAtMs: 0 }
    expect(learnServerTime(known, [row(ALEX, SERVER_MS + 29_000)], 30_000)).toBe(known)
    expect(learnServerTime(known, [], 30_000)).toBe(known)
    expect(learnServerTime(null, [], 0)).toBeNull()
  })
})
