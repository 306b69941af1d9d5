import 'server-only'
import { createHash, randomBytes } from 'node:crypto'

// Crockford's base 32: no letter that a person could take for a digit.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LENGTH = 16

/** A code of 80 random bits that a person can read to another: `4QTR-XW8P-0KZM-D2AE`. */
export function makeCode(): string {
  // 256 is a multiple of 32, so every letter is equally likely.
  const letters = Array.from(randomBytes(LENGTH), (byte) => ALPHABET[byte % ALPHABET.length])
  return [0, 4, 8, 12].map((start) => letters.slice(start, start + 4).join('')).join('-')
}

/** What is stored of a code, hex. Case, dashes, spaces and look-alikes (O, I, L) make no difference. */
export function hashCode(code: string): string {
  const letters = code
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
  return createHash('sha256').update(letters).digest('hex')
}
