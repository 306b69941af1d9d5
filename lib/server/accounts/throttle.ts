import 'server-only'
import { createHash } from 'node:crypto'
import type { Database } from '@/db/client'
import type { Failure } from '@/lib/protocol/errors'
import { limits, takeFromLimit } from '../rate-limit'
import { networkOf } from './client-address'

/** An attempt at something a stranger could guess: a password, a code, an invite. */
export interface Attempt {
  /** What is guessed at (an email, a user id), known or not: limiting only known ones would tell them apart. */
  account?: string
  /** The network address it comes from. */
  address: string
}

/** Counts an attempt, whether it will succeed or not: null lets it pass, otherwise `rate_limited`. */
export async function throttle(db: Database, { account, address }: Attempt): Promise<Failure | null> {
  const { signInAccount, signInAddress } = limits()
  const refused = await takeFromLimit(db, signInAddress, fingerprint(networkOf(address)))
  if (refused || account === undefined) return refused
  return takeFromLimit(db, signInAccount, fingerprint(account))
}

/** Counts a mail to an address, known or not: false when it has had its share, so that nobody can be flooded by asking for them. */
export async function mayMail(db: Database, email: string): Promise<boolean> {
  return (await takeFromLimit(db, limits().resetMails, fingerprint(email))) === null
}

/** Addresses of people are not kept in the counters. */
function fingerprint(text: string): string {
  return createHash('sha256').update(text.toLowerCase()).digest('hex').slice(0, 32)
}
