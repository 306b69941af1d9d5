import { encode } from 'next-auth/jwt'
import { beforeAll, expect, test } from 'vitest'
import { sessionCookie } from '@/scripts/test/session'
import { ENDED_SESSIONS_COOKIE, readSession, readSessionToken, SECURE_SESSION_COOKIE, SESSION_COOKIE } from './session'

const sarah = '0a000000-0000-4000-8000-000000000001'
const SECRET = 'a secret of at least thirty-two characters'

beforeAll(() => {
  process.env['AUTH_SECRET'] = SECRET
})

function requestWith(cookie: string): Request {
  return new Request('http://localhost/api/me', { headers: { cookie } })
}

test('a signed-in request says who it is, under which version and until when', async () => {
  const session = await readSession(requestWith(await sessionCookie(sarah, { sessionVersion: 3, maxAgeSeconds: 60 })))
  expect(session).toMatchObject({ user_id: sarah, session_version: 3 })
  const left = Date.parse(session?.expires_at ?? '') - Date.now()
  expect(left).toBeGreaterThan(50_000)
  expect(left).toBeLessThanOrEqual(60_000)
})

test('a request without a session, with a foreign, damaged or expired one is nobody', async () => {
  const foreign = await encode({
    token: { sub: sarah, session_version: 1 },
    secret: 'another secret, just as long as ours',
  })
  const own = await sessionCookie(sarah)
  const refused = ['', 'theme=dark', `${SESSION_COOKIE}=`, `${SESSION_COOKIE}=%`, `${SESSION_COOKIE}=${foreign}`]
  refused.push(own.slice(0, -4), await sessionCookie(sarah, { maxAgeSeconds: -1 }))
  for (const cookie of refused) expect(await readSession(requestWith(cookie)), cookie).toBeNull()
})

test('a token that names no person of ours, or no version, is nobody', async () => {
  for (const token of [{ sub: 'sarah', session_version: 1 }, { sub: sarah }, { sub: sarah, session_version: 0 }, {}]) {
    const cookie = `${SESSION_COOKIE}=${await encode({ token, secret: SECRET })}`
    expect(await readSession(requestWith(cookie)), JSON.stringify(token)).toBeNull()
  }
})

test('a session that the browser signed out of is nobody, another one is somebody', async () => {
  const cookie = await sessionCookie(sarah)
  const id = (await readSession(requestWith(cookie)))?.session_id ?? ''
  const others = ['', sarah, `${sarah}.${sarah}`]
  for (const ended of others) {
    expect(await readSession(requestWith(`${cookie}; ${ENDED_SESSIONS_COOKIE}=${ended}`)), ended).not.toBeNull()
  }
  expect(await readSession(requestWith(`${cookie}; ${ENDED_SESSIONS_COOKIE}=${sarah}.${id}`))).toBeNull()
})

test('a session split over several cookies is read whole, in whatever order they come', async () => {
  const token = (await sessionCookie(sarah)).slice(SESSION_COOKIE.length + 1)
  const parts = [token.slice(0, 40), token.slice(40, 90), token.slice(90)]
  const cookies = parts.map((part, index) => `${SECURE_SESSION_COOKIE}.${index}=${part}`).toReversed()
  expect(await readSession(requestWith(['theme=dark', ...cookies].join('; ')))).toMatchObject({ user_id: sarah })
})

test('the cookie that only https can set wins over the plain one', () => {
  expect(readSessionToken(`${SESSION_COOKIE}=plain; ${SECURE_SESSION_COOKIE}=secure`)).toBe('secure')
})
