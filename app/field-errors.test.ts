import { expect, test } from 'vitest'
import { fieldErrors } from './field-errors'

test('issues become one sentence per field, the first one of each', () => {
  expect(
    fieldErrors(['name: must not be empty', 'name: is odd', 'image: must be an address that starts with https://']),
  ).toEqual({
    name: 'This must not be empty.',
    image: 'This must be an address that starts with https://.',
  })
})

test('a line that names no field belongs to none', () => {
  expect(fieldErrors(['too much at once'])).toEqual({})
})
