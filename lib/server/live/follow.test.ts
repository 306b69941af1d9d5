import { expect, test } from 'vitest'
import { OFFSET_BEFORE_ALL, OFFSET_NOW, parseOffset, type Offset } from '@/lib/protocol/offset'
import type { ShapePosition } from '../read/shape-query'
import type { Answer } from '../read/upstream'
import { firstPosition, stepAfter } from './follow'

const offset = (text: string): Offset => parseOffset(text) ?? expect.unreachable()
const at = (from: Offset, rest: Partial<ShapePosition> = {}): ShapePosition => ({
  offset: from,
  handle: 'h',
  live: true,
  cursor: 'c1',
  expiredHandle: null,
  cacheBuster: null,
  ...rest,
})
const answer = (status: number, headers: Record<string, string> = {}): Answer => ({
  kind: 'passed',
  status,
  headers: { 'electric-handle': 'h', ...headers },
  body: new Uint8Array(),
})
const upToDate = (to: string) =>
  answer(200, { 'electric-offset': to, 'electric-up-to-date': '', 'electric-cursor': 'c2' })

test('who has a place may wait at once, who begins may not', () => {
  expect(firstPosition(at(offset('1_0')), 'onwards').live).toBe(true)
  expect(firstPosition(at(OFFSET_BEFORE_ALL), 'onwards').live).toBe(false)
  expect(firstPosition(at(OFFSET_NOW), 'onwards').live).toBe(false)
  expect(firstPosition(at(offset('1_0')), 'to-the-present').live).toBe(false)
})

test('nothing new is no news, and the wait goes on with the new cursor', () => {
  expect(stepAfter(at(offset('1_0')), upToDate('1_0'), 'onwards')).toEqual({
    isNews: false,
    next: at(offset('1_0'), { cursor: 'c2' }),
  })
})

test('a change is news, and the next question begins after it', () => {
  expect(stepAfter(at(offset('1_0')), upToDate('2_0'), 'onwards')).toEqual({
    isNews: true,
    next: at(offset('2_0'), { cursor: 'c2' }),
  })
})

test('before the present nobody waits', () => {
  const step = stepAfter(
    at(OFFSET_BEFORE_ALL, { handle: null, live: false }),
    answer(200, { 'electric-offset': '0_0' }),
    'onwards',
  )
  expect(step).toEqual({ isNews: true, next: at(offset('0_0'), { live: false }) })
})

test('the place that now is, is news', () => {
  expect(stepAfter(at(OFFSET_NOW, { live: false }), upToDate('7_0'), 'onwards').isNews).toBe(true)
})

test('a catch-up ends at the present, chunk by chunk', () => {
  const chunk = stepAfter(
    at(offset('1_0'), { live: false }),
    answer(200, { 'electric-offset': '2_0' }),
    'to-the-present',
  )
  expect(chunk.next).toMatchObject({ offset: '2_0', live: false })
  expect(stepAfter(at(offset('2_0'), { live: false }), upToDate('2_0'), 'to-the-present')).toEqual({
    isNews: false,
    next: null,
  })
})

test.each([
  ['a rotation', answer(409)],
  ['something else', answer(304)],
  ['no shape at all', answer(200)],
  ['an outage', { kind: 'failed', failure: { code: 'unavailable', message: '' } } satisfies Answer],
])('%s is told and ends the shape here', (_, said) => {
  expect(stepAfter(at(offset('1_0')), said, 'onwards')).toEqual({ isNews: true, next: null })
})
