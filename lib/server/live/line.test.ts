import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json } from '@/lib/protocol/json'
import { answerLine, failureLine, heartbeatLine } from './line'
import type { Answer } from '../read/upstream'

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const passed = (body: string, headers: Record<string, string> = {}): Answer => ({
  kind: 'passed',
  status: 200,
  headers,
  body: new TextEncoder().encode(body),
})

test('whatever upstream says comes out as one line with the same meaning', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.string(),
      fc.dictionary(fc.string(), fc.string()),
      fc.nat(2),
      (body, id, headers, indent) => {
        const value = JSON.parse(body) as Json
        // Electric puts newlines between messages.
        const line = text(answerLine(id, passed(JSON.stringify(value, null, indent), headers)))
        expect(line.indexOf('\n')).toBe(line.length - 1)
        expect(JSON.parse(line)).toEqual({ id, status: 200, headers: JSON.parse(JSON.stringify(headers)), body: value })
      },
    ),
  )
})

test('a body that is empty is null', () => {
  expect(JSON.parse(text(answerLine('a', passed(''))))).toMatchObject({ body: null })
})

test('an answer is encoded once for everyone who names the shape alike', () => {
  const answer = passed('[1]')
  expect(answerLine('a', answer)).toBe(answerLine('a', answer))
  expect(answerLine('b', answer)).not.toBe(answerLine('a', answer))
})

test('a refusal is our envelope with its status', () => {
  expect(
    JSON.parse(text(failureLine('a', { code: 'unavailable', message: 'Later.', retryAfterSeconds: 1.5 }))),
  ).toEqual({
    id: 'a',
    status: 503,
    headers: { 'retry-after': '2' },
    body: { error: { code: 'unavailable', message: 'Later.' } },
  })
})

test('a heartbeat is the time', () => {
  expect(text(heartbeatLine(new Date(0)))).toBe('{"heartbeat":"1970-01-01T00:00:00.000Z"}\n')
})
