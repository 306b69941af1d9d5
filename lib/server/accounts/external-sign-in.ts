import 'server-only'
import { and, eq } from 'drizzle-orm'
import type { Database, Transaction } from '@/db/client'
import { accounts, users } from '@/db/schema'
import { accountWork } from './account-work'
import { findPerson, findPersonByEmail, type Person } from './person'

/** What GitHub or Google says about who is there. */
export interface ExternalProfile {
  provider: string
  /** The provider's own id of the person, which never changes. */
  provider_account_id: string
  email: string | null
  /** Whether the provider has seen the person read that address. */
  is_email_verified: boolean
  name: string | null
  image: string | null
}

export type ExternalSignIn =
  | { kind: 'signed-in'; person: Person }
  /** The address belongs to an account whose owner never proved to read it: they must prove to own the account first. */
  | { kind: 'prove-ownership'; person: Person }
  | { kind: 'refused'; reason: ExternalRefusal }

export type ExternalRefusal =
  /** The provider does not vouch for the address. */
  | 'ExternalEmailUnverified'
  /** Somebody of the sample data. */
  | 'AccessDenied'

/** What the decision needs to know, beside what the provider says. */
export interface Known {
  /** Whose account is linked to this very GitHub or Google account. */
  linked: Person | null
  /** Whose account has the address. */
  sameEmail: Person | null
}

/** What is to be done; `link` and `create` are done in the transaction that found out. */
export type ExternalDecision = { kind: 'link'; person: Person } | { kind: 'create'; email: string } | ExternalSignIn

/**
 * Decides who a GitHub or Google sign-in is. Both sides must have verified the address before an account is linked by it: otherwise
 * whoever registers somebody's address first, here or there, would share that person's account.
 */
export function decideExternalSignIn(profile: ExternalProfile, { linked, sameEmail }: Known): ExternalDecision {
  if (linked) return { kind: 'signed-in', person: linked }
  if (profile.email === null || !profile.is_email_verified)
    return { kind: 'refused', reason: 'ExternalEmailUnverified' }
  if (!sameEmail) return { kind: 'create', email: profile.email }
  if (sameEmail.is_sample) return { kind: 'refused', reason: 'AccessDenied' }
  if (sameEmail.email_verified === null) return { kind: 'prove-ownership', person: sameEmail }
  return { kind: 'link', person: sameEmail }
}

/** Finds, links or creates the account of a GitHub or Google sign-in. */
export function signInExternally(db: Database, profile: ExternalProfile): Promise<ExternalSignIn> {
  return accountWork(db, async (tx) => {
    const linked = await findLinked(tx, profile)
    const sameEmail = profile.email === null ? null : await findPersonByEmail(tx, profile.email)
    const decision = decideExternalSignIn(profile, { linked, sameEmail })
    switch (decision.kind) {
      case 'link':
        await link(tx, decision.person.id, profile)
        return { kind: 'signed-in', person: decision.person }
      case 'create':
        return { kind: 'signed-in', person: await create(tx, decision.email, profile) }
      case 'signed-in':
      case 'prove-ownership':
      case 'refused':
        return decision
    }
  })
}

/** Links a GitHub or Google account to a person who has just proved to own theirs. Null when the account is closed meanwhile. */
export function linkProven(
  db: Database,
  userId: string,
  profile: Pick<ExternalProfile, 'provider' | 'provider_account_id'>,
): Promise<Person | null> {
  return accountWork(db, async (tx) => {
    const person = await findPerson(tx, userId)
    if (person) await link(tx, person.id, profile)
    return person
  })
}

async function findLinked(tx: Transaction, profile: ExternalProfile): Promise<Person | null> {
  const [account] = await tx
    .select({ user_id: accounts.user_id })
    .from(accounts)
    .where(and(eq(accounts.provider, profile.provider), eq(accounts.provider_account_id, profile.provider_account_id)))
  return account ? findPerson(tx, account.user_id) : null
}

async function link(
  tx: Transaction,
  user_id: string,
  { provider, provider_account_id }: Pick<ExternalProfile, 'provider' | 'provider_account_id'>,
): Promise<void> {
  await tx.insert(accounts).values({ user_id, type: 'oauth', provider, provider_account_id }).onConflictDoNothing()
}

async function create(tx: Transaction, email: string, profile: ExternalProfile): Promise<Person> {
  const [person] = await tx
    .insert(users)
    .values({ email, email_verified: new Date().toISOString(), name: profile.name, image: profile.image })
    .returning()
  if (!person) throw new Error('an account was not stored')
  await link(tx, person.id, profile)
  return person
}
