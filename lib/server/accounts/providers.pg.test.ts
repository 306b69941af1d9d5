import { expect, test, vi } from 'vitest'
import { accountClient } from '@/scripts/test/account-client'
import { testApp } from '@/scripts/test/app'
import { testDatabase } from '@/scripts/test/postgres'

const keys = { GITHUB_ID: 'our-github-id', GITHUB_SECRET: 'our-github-secret', AUTH_TRUST_HOST: '' }

test('GitHub and Google are offered only where their keys are set', async () => {
  await using db = await testDatabase({ migrated: true })
  const offered = async (settings: Record<string, string>) => {
    await using app = await testApp(db, { settings })
    return Object.keys((await (await accountClient(app.url).get('/api/auth/providers')).json()) as object)
  }
  expect(await offered({})).toEqual(['credentials'])
  expect(await offered(keys)).toEqual(['credentials', 'github'])
  expect(await offered({ ...keys, GOOGLE_ID: 'id', GOOGLE_SECRET: 'secret' })).toEqual([
    'credentials',
    'github',
    'google',
  ])
})

test('a person is sent to GitHub with our address to come back to, and a secret to tell the answer by', async () => {
  await using db = await testDatabase({ migrated: true })
  await using app = await testApp(db, { settings: keys })
  const browser = accountClient(app.url)
  const { csrfToken } = (await (await browser.get('/api/auth/csrf')).json()) as { csrfToken: string }
  const start = await fetch(`${app.url}/api/auth/signin/github`, {
    method: 'POST',
    body: new URLSearchParams({ csrfToken, callbackUrl: '/songs', json: 'true' }),
    headers: { cookie: [...browser.cookies].map((pair) => pair.join('=')).join('; '), origin: app.url },
  })
  const { url } = (await start.json()) as { url: string }
  const github = new URL(url)
  expect(github.origin + github.pathname).toBe('https://github.com/login/oauth/authorize')
  expect(github.searchParams.get('client_id')).toBe('our-github-id')
  expect(github.searchParams.get('redirect_uri')).toBe(`${app.url}/api/auth/callback/github`)
  expect(github.searchParams.get('state')).toMatch(/^.{20,}$/)
  expect(url).not.toContain('our-github-secret')
  expect(start.headers.getSetCookie().find((cookie) => cookie.startsWith('next-auth.state='))).toMatch(/; HttpOnly/)
})

test('an answer that nobody asked for signs nobody in and says so on the sign-in page', async () => {
  await using db = await testDatabase({ migrated: true })
  await using app = await testApp(db, { settings: keys })
  const browser = accountClient(app.url)
  const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
  let path = '/api/auth/callback/github?code=made-up&state=made-up'
  while (path.startsWith('/api/auth/')) {
    const answer = await browser.get(path)
    expect(answer.status).toBe(302)
    path = (answer.headers.get('location') ?? '').replace(app.url, '')
  }
  expect(path).toMatch(/^\/sign-in\?.*error=OAuthCallback/)
  expect((await browser.get('/api/me')).status).toBe(401)
  expect(log.mock.calls).toEqual([['sign-in: OAUTH_CALLBACK_ERROR']])
  log.mockRestore()
})
