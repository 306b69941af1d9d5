import fc from 'fast-check'
import { expect, test } from 'vitest'
import { postgresTimeToIso } from './time'

test('a timestamptz in UTC becomes the same instant in ISO with milliseconds', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
      (at) => {
        const iso = at.toISOString()
        const fraction = iso.slice(19, 23).replace(/\.?0+$/, '')
        expect(postgresTimeToIso(`${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction}+00`)).toBe(iso)
      },
    ),
  )
})

test.each([
  ['2026-11-20 18:00:00+01', '2026-11-20T17:00:00.000Z'],
  ['2026-11-20 18:00:00.5-03:30', '2026-11-20T21:30:00.500Z'],
  ['2026-11-20T18:00:00.000Z', '2026-11-20T18:00:00.000Z'],
  ['infinity', 'infinity'],
])('%s becomes %s', (text, iso) => expect(postgresTimeToIso(text)).toBe(iso))
