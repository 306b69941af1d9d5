import 'server-only'
import type { Account, Profile } from 'next-auth'
import type { Provider } from 'next-auth/providers/index'
import githubProvider, { type GithubProfile } from 'next-auth/providers/github'
import googleProvider from 'next-auth/providers/google'
import type { UserinfoEndpointHandler } from 'next-auth/providers/oauth'
import * as z from 'zod'
import type { ExternalProfile } from './external-sign-in'
import { storable } from './person'
import { accountSettings } from './settings'

/** next-auth's configuration of the providers whose keys are set. */
export function providerConfigs(): Provider[] {
  const { github, google } = accountSettings()
  return [
    ...(github ? [githubProvider<GithubProfile>({ ...github, userinfo: githubUserinfo })] : []),
    ...(google ? [googleProvider(google)] : []),
  ]
}

/** Who signs in is told that it failed rather than left waiting for ever. */
const ANSWER_MS_MAX = 10_000

const githubEmails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }))

/** GitHub's profile with the address it vouches for: next-auth's own takes any. https://docs.github.com/rest/users/emails */
const githubUserinfo: UserinfoEndpointHandler = {
  url: 'https://api.github.com/user',
  request: async ({ client, tokens }) => {
    if (tokens.access_token === undefined) throw new Error('GitHub sent no access token')
    const profile = await client.userinfo(tokens.access_token)
    const response = await fetch('https://api.github.com/user/emails', {
      headers: { authorization: `Bearer ${tokens.access_token}`, accept: 'application/vnd.github+json' },
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    })
    const emails = githubEmails.safeParse(await response.json().catch(() => null))
    const primary = emails.data?.find((each) => each.primary)
    return { ...profile, ...(primary ? { email: primary.email } : {}), email_verified: primary?.verified ?? false }
  },
}

const shownByProvider = z.object({
  email: z.email().nullish().catch(null),
  email_verified: z.boolean().nullish().catch(null),
  name: z.string().max(200).check(storable).nullish().catch(null),
  login: z.string().max(200).check(storable).nullish().catch(null),
  picture: z.url().check(storable).nullish().catch(null),
  avatar_url: z.url().check(storable).nullish().catch(null),
})

/** Reads what a provider said, whichever it is. */
export function readExternalProfile(account: Account, profile: Profile | undefined): ExternalProfile {
  const said = shownByProvider.parse(profile ?? {})
  return {
    provider: account.provider,
    provider_account_id: account.providerAccountId,
    email: said.email ?? null,
    is_email_verified: said.email_verified === true,
    name: said.name ?? said.login ?? null,
    image: said.picture ?? said.avatar_url ?? null,
  }
}
