import { beforeEach, expect, test, vi } from 'vitest'
import { readSession, SESSION_MAX_AGE_SECONDS } from '../session'
import { renewSession, setCookieHeader } from './session-cookie'

const caller = { origin: 'http://localhost' }
const session = {
  user_id: '0a000000-0000-4000-8000-000000000001',
  session_id: '0a000000-0000-4000-8000-0000000000aa',
  session_version: 3,
}
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()

beforeEach(() => {
  vi.stubEnv('AUTH_SECRET', 'a secret of at least thirty-two characters')
  vi.stubEnv('DATABASE_URL', 'postgresql://localhost/none')
  vi.stubEnv('ELECTRIC_URL', 'http://localhost:9')
  return () => vi.unstubAllEnvs()
})

test('a session of today is left alone', async () => {
  expect(await renewSession({ ...session, expires_at: inSeconds(SESSION_MAX_AGE_SECONDS - 60) }, caller)).toBeNull()
})

test('an older one lasts from now on, and stays the same session of the same person and version', async () => {
  const renewal = await renewSession({ ...session, expires_at: inSeconds(60) }, caller)
  const header = renewal ? setCookieHeader(renewal.cookie) : ''
  expect(header).toMatch(/; Max-Age=2592000; HttpOnly; SameSite=Lax$/)
  const cookie = header.split(';')[0] ?? ''
  const read = await readSession(new Request('http://localhost', { headers: { cookie } }))
  expect(read).toMatchObject(session)
  const left = Date.parse(read?.expires_at ?? '') - Date.now()
  expect(left).toBeGreaterThan((SESSION_MAX_AGE_SECONDS - 60) * 1000)
})

test('a session that cannot be signed out of by name is not renewed', async () => {
  expect(await renewSession({ ...session, session_id: null, expires_at: inSeconds(60) }, caller)).toBeNull()
})

test('on https the renewed cookie is Secure too', async () => {
  const renewal = await renewSession({ ...session, expires_at: inSeconds(60) }, { origin: 'https://band.example' })
  expect(renewal && setCookieHeader(renewal.cookie)).toMatch(/^__Secure-next-auth.*; Secure$/)
})
