import { describe, expect, test } from 'vitest'
import { SAMPLE_INVITE_CODE, SAMPLE_USERS } from '@/db/sample-ids'
import { openDatabase } from '@/db/client'
import { accountClient } from '@/scripts/test/account-client'
import { testApp } from '@/scripts/test/app'
import { startNeonProxy } from '@/scripts/test/neon-proxy'
import { testDatabase } from '@/scripts/test/postgres'
import { acceptInvite } from './accept-invite'

const ida = { email: 'ida@example.com', password: 'a good password', name: 'Ida' }

describe.each(['pg', 'neon'] as const)('on the driver %s', (driver) => {
  test('an account lives from sign-up to its end', async () => {
    await using db = await testDatabase({ seeded: true })
    await using proxy = await startNeonProxy()
    await using app = await testApp(db, { settings: { DATABASE_DRIVER: driver, NEON_WS_PROXY: proxy.address } })
    const browser = accountClient(app.url)
    expect((await browser.send('POST', '/api/auth/sign-up', ida)).status).toBe(201)
    const change = { current_password: ida.password, new_password: 'an even better one' }
    expect((await browser.send('POST', '/api/auth/password', change)).status).toBe(200)
    expect((await accountClient(app.url).signIn(ida.email, change.new_password)).status).toBe(200)
    expect((await browser.send('POST', '/api/auth/sign-out-everywhere', {})).status).toBe(204)
    await browser.signIn(ida.email, change.new_password)
    const gone = await browser.send('DELETE', '/api/auth/account', { password: change.new_password })
    expect(gone.status).toBe(204)
    expect((await browser.get('/api/me')).status).toBe(401)
  })

  test('an invite is accepted', async () => {
    await using db = await testDatabase({ seeded: true })
    await using proxy = await startNeonProxy()
    await using database = openDatabase(db.appUrl, { driver, neonProxy: proxy.address })
    const viewer = { user_id: SAMPLE_USERS.olga.id, bands: new Map(), projects: new Map() }
    const caller = { address: '10.0.0.1', origin: 'http://localhost' }
    expect(await acceptInvite(database, viewer, { code: SAMPLE_INVITE_CODE }, caller)).toMatchObject({ ok: true })
  })
})
