import 'server-only'
import type { Account, AuthOptions, Profile } from 'next-auth'
import credentialsProvider from 'next-auth/providers/credentials'
import type { Database } from '@/db/client'
import type { Failure } from '@/lib/protocol/errors'
import { env } from '../env'
import { SESSION_MAX_AGE_SECONDS } from '../session'
import type { Caller } from './caller'
import { safeCallbackPath } from './callback-path'
import { signInExternally } from './external-sign-in'
import { pendingLinkCookie } from './pending-link'
import type { Person } from './person'
import { providerConfigs, readExternalProfile } from './providers'
import { sessionToken, type SetCookie } from './session-cookie'
import { signInWithPassword } from './sign-in'

declare module 'next-auth' {
  interface Session {
    /** The id alone; name and picture, which would be copies here, are in `GET /api/me`. */
    user: { id: string; name?: null }
  }
}

/** What one request's callbacks found out and its answer must say besides next-auth's own. */
export interface Findings {
  /** Who signed in. */
  person: Person | null
  /** Why a password was refused, where next-auth only knows that it was. */
  failure: Failure | null
  /** What was thrown on the way. next-auth would put its message into an address that anybody can read. */
  thrown: { error: unknown } | null
  /** Whether somebody signed out. */
  hasSignedOut: boolean
  cookies: SetCookie[]
}

/** next-auth's options for one request. Sessions are JWTs: passwords need them, and they carry no more than `sessionToken`. */
export function authOptions(db: Database, caller: Caller, findings: Findings): AuthOptions {
  return {
    secret: env().authSecret,
    session: { strategy: 'jwt', maxAge: SESSION_MAX_AGE_SECONDS },
    // Signing out belongs to the app, which then deletes what this browser keeps.
    pages: { signIn: '/sign-in', signOut: '/account', error: '/sign-in' },
    providers: [passwordProvider(db, caller, findings), ...providerConfigs()],
    logger: {
      error: (code) => console.warn(`sign-in: ${code}`),
      warn: () => {},
      debug: () => {},
    },
    events: {
      signOut: () => {
        findings.hasSignedOut = true
      },
    },
    callbacks: {
      redirect: ({ url, baseUrl }) => baseUrl + safeCallbackPath(url, baseUrl),
      signIn: async ({ account, profile }) =>
        (await keepingThrown(findings, () => admit(db, caller, findings, account, profile))) ?? false,
      // Only a sign-in knows the person; a renewal keeps what the token says.
      jwt: ({ token, trigger }) => (trigger && findings.person ? sessionToken(findings.person) : token),
      session: ({ session, token }) => ({ expires: session.expires, user: { id: token.sub ?? '' } }),
    },
  }
}

function passwordProvider(db: Database, caller: Caller, findings: Findings) {
  return credentialsProvider({
    name: 'Email and password',
    credentials: { email: { label: 'Email', type: 'email' }, password: { label: 'Password', type: 'password' } },
    authorize: async (credentials) => {
      const result = await keepingThrown(findings, () => signInWithPassword(db, credentials, caller))
      if (result === null) return null
      if (!result.ok) {
        findings.failure = result.failure
        return null
      }
      findings.person = result.person
      return { id: result.person.id }
    },
  })
}

async function keepingThrown<T>(findings: Findings, act: () => Promise<T>): Promise<T | null> {
  try {
    return await act()
  } catch (error) {
    findings.thrown = { error }
    return null
  }
}

/** Whether a sign-in may go on: true, or the page that says what to do instead. */
async function admit(
  db: Database,
  caller: Caller,
  findings: Findings,
  account: Account | null,
  profile: Profile | undefined,
): Promise<boolean | string> {
  if (!account) return false
  if (account.type === 'credentials') return findings.person !== null
  const external = readExternalProfile(account, profile)
  const result = await signInExternally(db, external)
  switch (result.kind) {
    case 'signed-in':
      findings.person = result.person
      return true
    case 'prove-ownership':
      findings.cookies.push(await pendingLinkCookie(result.person, external, caller))
      return '/sign-in/link'
    case 'refused':
      return `/sign-in?error=${result.reason}`
  }
}
