import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareOffsets, OFFSET_BEFORE_ALL, parseLsn, parseOffset, type Offset } from './offset'

const position = fc.tuple(fc.bigInt(0n, 2n ** 63n), fc.option(fc.nat(), { nil: null }))
const toOffset = ([tx, op]: [bigint, number | null]) => `${tx}_${op ?? 'inf'}` as Offset

describe('offsets', () => {
  test('every position reads back as itself', () => {
    fc.assert(fc.property(position, (at) => parseOffset(toOffset(at)) === toOffset(at)))
  })

  test.each(['-1', 'now', '0_0', '0_inf', '01_02'])('%s is an offset', (text) => expect(parseOffset(text)).toBe(text))

  test.each(['', '-2', '1', '1_', '_1', '1_-1', '-1_0', '1_inf_', 'NOW', '1_0\n', '1e3_0', ' 0_0'])(
    '%j is refused',
    (text) => expect(parseOffset(text)).toBeNull(),
  )

  test('order is by transaction, then by position, with inf after every position', () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const expected =
          a[0] !== b[0] ? (a[0] < b[0] ? -1 : 1) : Math.sign((a[1] ?? Infinity) - (b[1] ?? Infinity) || 0)
        expect(Math.sign(compareOffsets(toOffset(a), toOffset(b)))).toBe(expected)
        expect(compareOffsets(OFFSET_BEFORE_ALL, toOffset(a))).toBeLessThan(0)
      }),
    )
  })
})

describe('LSNs', () => {
  test('the decimal and the Postgres form of a position are the same LSN', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (at) => {
        const postgres = `${(at >> 32n).toString(16).toUpperCase()}/${(at & 0xffffffffn).toString(16).toUpperCase()}`
        expect(parseLsn(postgres)).toBe(at)
        expect(parseLsn(at.toString())).toBe(at)
      }),
    )
  })

  test.each(['', '/', '0/', 'x/1', '1/123456789', '-1'])('%j is refused', (text) => expect(parseLsn(text)).toBeNull())
})
