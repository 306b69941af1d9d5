import { expect, test, vi } from 'vitest'
import { SCHEMA_VERSION } from '@/entities'
import { testApp } from '@/scripts/test/app'
import { eventually } from '@/scripts/test/eventually'
import { backstage } from '@/scripts/test/people'
import { testDatabase } from '@/scripts/test/postgres'
import { scriptedUpstream } from '@/scripts/test/scripted-upstream'
import { testSyncService } from '@/scripts/test/sync-service'

test('me tells who is signed in, until when, and how to behave', async () => {
  await using db = await testDatabase({ migrated: true })
  await using stage = backstage(db)
  const sarah = await stage.person('Sarah')
  const { rows } = await stage.sql.query<{ email: string }>('select email from users')
  const email = rows[0]?.email ?? expect.unreachable()
  const settings = {
    ENABLE_REALTIME: 'false',
    ENABLE_SYNC_ICONS: 'true',
    ENABLE_TOASTS: '0',
    SYNC_INTERVAL: '7000',
    ADMIN_EMAILS: `other@test, ${email.toUpperCase()}`,
  }
  await using app = await testApp(db, { settings })
  const before = Date.now()
  const response = await app.as(sarah)('/api/me')
  const me = (await response.json()) as Record<string, unknown>
  expect(me).toEqual({
    user: { id: sarah, email, name: 'Sarah', image: null, isAdmin: true },
    sessionExpiresAt: expect.stringMatching(/Z$/),
    flags: { realtime: false, syncIcons: true, toasts: false },
    syncIntervalMs: 7000,
    schemaVersion: SCHEMA_VERSION,
    serverTime: expect.stringMatching(/Z$/),
  })
  expect(Date.parse(String(me['sessionExpiresAt']))).toBeGreaterThan(before)
  expect(response.headers.get('cache-control')).toBe('private, no-store')

  expect((await fetch(`${app.url}/api/me`)).status).toBe(401)
  expect((await app.as(sarah, 2)('/api/me')).status).toBe(401)
  expect((await app.as(sarah)('/api/me', { headers: { 'backline-user': crypto.randomUUID() } })).status).toBe(401)
  expect((await app.as(sarah)('/api/me', { method: 'POST' })).status).toBe(405)
})

test('who is signed out everywhere while they are looked up is told nothing', async () => {
  await using db = await testDatabase({ migrated: true })
  await using stage = backstage(db)
  await using app = await testApp(db)
  const sarah = await stage.person('Sarah')
  const untilWaitedFor = (table: string) =>
    eventually(async () => {
      const waiting = `select from pg_locks where not granted and relation = $1::regclass`
      expect((await stage.sql.query(waiting, [table])).rowCount).toBe(1)
    })
  const [memberships, accounts] = [await stage.sql.connect(), await stage.sql.connect()]
  // The session is being checked, ...
  await memberships.query('begin')
  await memberships.query('lock table band_members in access exclusive mode')
  const asked = app.as(sarah)('/api/me')
  await untilWaitedFor('band_members')
  // ... and before its person is looked up, somebody ends it.
  const ended = accounts
    .query('begin')
    .then(() => accounts.query('lock table users in access exclusive mode'))
    .then(() => accounts.query('update users set session_version = session_version + 1'))
  await untilWaitedFor('users')
  await memberships.query('commit')
  await ended
  await untilWaitedFor('users')
  await accounts.query('commit')
  memberships.release()
  accounts.release()
  const response = await asked
  expect([response.status, await response.json()]).toMatchObject([401, { error: { code: 'signed_out' } }])
})

test('a closed account is signed out', async () => {
  await using db = await testDatabase({ migrated: true })
  await using stage = backstage(db)
  await using app = await testApp(db)
  const sarah = await stage.person('Sarah')
  await stage.sql.query('update users set deleted_at = now()')
  expect((await app.as(sarah)('/api/me')).status).toBe(401)
})

test('health tells that all parts work, to anyone', async () => {
  await using db = await testDatabase({ migrated: true })
  await using sync = await testSyncService(db)
  await using app = await testApp(db, { sync })
  const response = await fetch(`${app.url}/api/health`)
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok', database: 'ok', electric: 'ok' }])
})

test('health tells which part does not', async () => {
  await using db = await testDatabase({ migrated: true })
  await using upstream = await scriptedUpstream()
  await using app = await testApp(db, { sync: { url: upstream.url, secret: '' } })
  for (const [status, body, electric] of [
    [202, '{"status":"starting"}', 'starting'],
    [500, 'oops', 'down'],
    [200, '<html>', 'down'],
  ] as const) {
    const health = fetch(`${app.url}/api/health`)
    ;(await upstream.next()).answer(status, {}, body)
    const response = await health
    expect([response.status, await response.json()]).toEqual([503, { status: 'degraded', database: 'ok', electric }])
  }
})

test('unknown addresses are not found, in our envelope', async () => {
  await using db = await testDatabase({ migrated: true })
  await using app = await testApp(db)
  for (const path of ['shapes/songs/extra', 'history/a/b/c', 'me/too/far']) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const response = await fetch(`${app.url}/api/${path}`, { method })
      expect([response.status, await response.json()]).toEqual([
        404,
        { error: { code: 'not_found', message: 'There is nothing at this address.' } },
      ])
    }
  }
})

test('a door that fails says so without a word of why, and tells the operator', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  await using db = await testDatabase({ migrated: true })
  await using stage = backstage(db)
  await using app = await testApp(db)
  const sarah = await stage.person('Sarah')
  await stage.sql.query('alter table users rename column image to picture')
  const response = await app.as(sarah)('/api/me')
  expect([response.status, await response.json()]).toEqual([
    500,
    { error: { code: 'internal', message: 'Something went wrong on our side. It has been noted.' } },
  ])
  expect(logged).toHaveBeenCalledOnce()
  logged.mockRestore()
})
