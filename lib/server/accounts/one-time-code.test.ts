import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashCode, makeCode } from './one-time-code'

test('codes have 80 random bits in a form that can be read out, and never come twice', () => {
  const codes = Array.from({ length: 1_000 }, makeCode)
  for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
  expect(new Set(codes.map(hashCode)).size).toBe(codes.length)
})

test('a code typed in another case, without dashes or with look-alikes is the same code', () => {
  fc.assert(
    fc.property(fc.constant(null).map(makeCode), (code) => {
      const typed = code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')
      expect(hashCode(typed)).toBe(hashCode(code))
    }),
  )
})
