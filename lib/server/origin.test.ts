import { expect, test } from 'vitest'
import { isOwnOrigin } from './origin'

test.each([
  ['https://band.example', null, 'band.example', true],
  ['http://localhost:3000', null, 'localhost:3000', true],
  ['http://localhost:3000', null, 'LOCALHOST:3000', true],
  ['http://localhost:3001', null, 'localhost:3000', false],
  ['https://evil.example', null, 'band.example', false],
  ['https://band.example.evil.example', null, 'band.example', false],
  ['https://band.example@evil.example', null, 'band.example', false],
  ['null', null, 'band.example', false],
  ['', null, 'band.example', false],
  ['file://band.example', null, 'band.example', false],
  ['https://band.example', null, null, false],
  // With a public origin the host header says nothing.
  ['https://band.example', 'https://band.example', 'internal:3000', true],
  ['http://band.example', 'https://band.example', 'band.example', false],
  ['https://internal:3000', 'https://band.example', 'internal:3000', false],
])('origin %s, public origin %s, host %s: %s', (origin, publicOrigin, host, expected) => {
  expect(isOwnOrigin(origin, publicOrigin, host)).toBe(expected)
})
