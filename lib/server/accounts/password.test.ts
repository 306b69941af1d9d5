import { getRounds } from 'bcryptjs'
import { expect, test } from 'vitest'
import { DUMMY_HASH, hashPassword, newPassword, verifyPassword } from './password'

test('a password matches its own hash and no other', async () => {
  const stored = await hashPassword('correct horse')
  expect(await verifyPassword('correct horse', stored)).toBe(true)
  expect(await verifyPassword('Correct horse', stored)).toBe(false)
})

test('without a stored hash nothing matches, and a hash of the same cost is compared all the same', async () => {
  expect(await verifyPassword('anything', null)).toBe(false)
  expect(getRounds(DUMMY_HASH)).toBe(getRounds(await hashPassword('anything')))
})

test('a password has 8 characters at least and no byte that bcrypt would ignore', () => {
  expect(newPassword.safeParse('1234567').success).toBe(false)
  expect(newPassword.safeParse('12345678').success).toBe(true)
  expect(newPassword.safeParse('ü'.repeat(36)).success).toBe(true)
  expect(newPassword.safeParse('ü'.repeat(37)).success).toBe(false)
})
