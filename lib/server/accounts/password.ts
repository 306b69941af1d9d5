import 'server-only'
import { compare, hash } from 'bcryptjs'
import * as z from 'zod'

/** bcrypt's work factor, as a power of two: about 60 ms on a server of 2026. */
const COST = 10

/** Of a password that nobody knows: compared where there is no hash, so that an unknown person costs the same time as a known one. */
export const DUMMY_HASH = '$2b$10$hHViB0CeAcmI3NqJumBssO93iVYD3w1WGcLvgHbIl4huZgsI6PGoO'

/** bcrypt reads no further, so a longer password would be weaker than it looks. */
const BYTES_MAX = 72

/** A password somebody chooses. */
export const newPassword = z
  .string('is missing')
  .min(8, 'must have at least 8 characters')
  .refine(
    (text) => Buffer.byteLength(text) <= BYTES_MAX,
    `is too long: ${BYTES_MAX} letters at most, fewer where they bear accents or are emoji`,
  )

/** A password somebody claims to know: of any length that is worth a look. */
export const claimedPassword = z.string('is missing').min(1, 'is missing').max(1_000, 'is too long')

/** Hashes a password for storing. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, COST)
}

/** Whether the password belongs to the stored hash. Takes the same time without one, and then never does. */
export async function verifyPassword(password: string, storedHash: string | null): Promise<boolean> {
  const matches = await compare(password, storedHash ?? DUMMY_HASH)
  return storedHash !== null && matches
}
