import { describe, expect, inject, test } from 'vitest'
import { NIGHT_SHIFT, PAPER_LIONS } from '@/db/sample-ids'
import { signInByHttp } from '@/scripts/test/sign-in-by-http'

// What Next itself does with a path before a handler runs, on the production build: merging, decoding, redirects, rewrites, headers.

const url = inject('appUrl')
const sarah = signInByHttp(url, 'sarah')
const get = (path: string, init?: RequestInit) => fetch(`${url}${path}`, init)

/** Spellings of one door; a check that looked at the raw path would let some of them by. */
function spellings(entity: string, query: string): string[] {
  return [
    `/api/shapes/${entity}?${query}`,
    `/api/shapes/${entity}/?${query}`,
    `/api//shapes/${entity}?${query}`,
    `//api/shapes/${entity}?${query}`,
    `/api/shapes/%73${entity.slice(1)}?${query}`,
    `/api/./shapes/${entity}?${query}`,
    `/api/x/../shapes/${entity}?${query}`,
    `/API/shapes/${entity}?${query}`,
    `/api/shapes/${entity}%2f?${query}`,
    `/api/shapes/${entity};a=b?${query}`,
  ]
}

describe('no spelling of a door opens it', () => {
  test.each(spellings('songs', `scope=${NIGHT_SHIFT}&offset=-1`))('without a session: %s', async (path) => {
    const answer = await get(path)
    const body = await answer.text()
    expect(body).not.toContain('tempo_bpm')
    expect(body).not.toMatch(/node_modules|at \w+ \(|postgres|electric/i)
  })

  test.each(spellings('songs', `scope=${PAPER_LIONS}&offset=-1`))(
    "with a session, into another band's scope: %s",
    async (path) => {
      const answer = await get(path, { headers: { cookie: await sarah } })
      expect(await answer.text()).not.toContain('tempo_bpm')
    },
  )

  test('and the plain spelling answers a member, so that the tests above can fail', async () => {
    const headers = { cookie: await sarah }
    const answer = await get(`/api/shapes/%73ongs?scope=${NIGHT_SHIFT}&offset=-1`, { headers })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('tempo_bpm')
  })
})

test.each(['/api', '/api/nothing', '/api/nothing/here', '/api/shapes', '/api/shapes/songs/more'])(
  'an unknown API path is answered in our envelope: %s',
  async (path) => {
    const answer = await get(path)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ error: { code: 'not_found', message: expect.any(String) as string } })
  },
)

test.each(['/', '/songs', `/bands/${NIGHT_SHIFT}/songs`, '/any/path/at/all'])(
  'every path of the app is the one prerendered page, which holds nobody’s data: %s',
  async (path) => {
    const [here, root] = await Promise.all([get(path).then(text), get('/').then(text)])
    expect(here).toBe(root)
    expect(here).not.toContain('backline.test')
  },
)

test.each(['/dev', '/dev/dashboard', '/nothing.png', '/_next/nothing'])(
  '%s is not a screen and not there',
  async (path) => {
    expect((await get(path)).status).toBe(404)
  },
)

test.each(['/', '/sign-in', '/api/me', '/sw.js'])('security headers stand on %s', async (path) => {
  const { headers } = await get(path)
  expect(headers.get('content-security-policy')).toMatch(/script-src 'self'( 'sha256-[\w+/=]+')+;/)
  expect(headers.get('content-security-policy')).toContain(`frame-ancestors 'none'`)
  expect(headers.get('content-security-policy')).not.toMatch(/script-src[^;]*unsafe/)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('x-frame-options')).toBe('DENY')
  // Other sites never learn where somebody came from; account pages tell this one (next.config.ts).
  expect(headers.get('referrer-policy')).toBe(path === '/sign-in' ? 'same-origin' : 'no-referrer')
  expect(headers.get('strict-transport-security')).toContain('max-age=')
  expect(headers.get('x-powered-by')).toBeNull()
})

test('people with a session are sent from the sign-in page to the app, unless the app itself sent them there', async () => {
  const headers = { cookie: await signInByHttp(url, 'alex') }
  const redirected = await get('/sign-in', { headers, redirect: 'manual' })
  expect(redirected.status).toBe(307)
  expect(new URL(redirected.headers.get('location') ?? '', url).pathname).toBe('/')
  expect((await get('/sign-in?callbackUrl=%2Fsongs', { headers, redirect: 'manual' })).status).toBe(200)
  expect((await get('/sign-in', { redirect: 'manual' })).status).toBe(200)
})

const text = (answer: Response) => answer.text()
