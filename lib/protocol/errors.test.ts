import { expect, test } from 'vitest'
import { readErrorBody } from './errors'

test('our envelope is recognised, with its issues', () => {
  expect(readErrorBody({ error: { code: 'invalid', message: 'no', issues: ['a: b', 3] } })).toEqual({
    code: 'invalid',
    message: 'no',
    issues: ['a: b'],
  })
})

test.each([
  null,
  '<html>',
  [],
  {},
  { error: 'x' },
  { error: { code: 'nope', message: '' } },
  { error: { code: '__proto__', message: '' } },
  { error: { code: 'invalid' } },
])('%j is no verdict of ours', (body) => expect(readErrorBody(body)).toBeNull())
