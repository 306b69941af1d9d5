import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SAMPLE_PASSWORD, SAMPLE_USERS } from '@/db/sample-ids'
import { SESSION_COOKIE } from '@/lib/server/session'
import { accountClient, type AccountClient } from '@/scripts/test/account-client'
import { testApp, type TestApp } from '@/scripts/test/app'
import type { TestDatabase } from '@/scripts/test/database'
import { testDatabase } from '@/scripts/test/postgres'

const { sarah } = SAMPLE_USERS
let db: TestDatabase
let app: TestApp
beforeEach(async () => {
  db = await testDatabase({ seeded: true })
})
afterEach(async () => {
  await app[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

async function errorOf(response: Response): Promise<{ status: number; code: string; issues?: string[] }> {
  const { error } = (await response.json()) as { error: { code: string; message: string; issues?: string[] } }
  return { status: response.status, code: error.code, ...(error.issues ? { issues: error.issues } : {}) }
}

describe('with a password', () => {
  test('a person signs in, the doors know them, and sign-out ends it', async () => {
    app = await testApp(db)
    const browser = accountClient(app.url)
    const answer = await browser.signIn(sarah.email, SAMPLE_PASSWORD, '/songs')
    expect(await answer.json()).toEqual({ url: `${app.url}/songs` })
    expect(await (await browser.get('/api/me')).json()).toMatchObject({ user: { id: sarah.id } })
    expect(await (await browser.get('/api/auth/session')).json()).toMatchObject({ user: { id: sarah.id } })
    await browser.signOut()
    expect((await browser.get('/api/me')).status).toBe(401)
    expect(await (await browser.get('/api/auth/session')).json()).toEqual({})
  })

  test('the case of an address makes no difference', async () => {
    app = await testApp(db)
    const browser = accountClient(app.url)
    expect((await browser.signIn(' SARAH@Backline.TEST ', SAMPLE_PASSWORD)).status).toBe(200)
    expect((await browser.get('/api/me')).status).toBe(200)
  })

  test('a wrong password and an unknown person get one and the same answer', async () => {
    app = await testApp(db)
    const answers = []
    for (const [email, password] of [
      [sarah.email, 'not her password'],
      ['nobody@backline.test', SAMPLE_PASSWORD],
      ['not an address', SAMPLE_PASSWORD],
      [sarah.email, ''],
      [`${sarah.email}\u0000`, SAMPLE_PASSWORD],
    ] as const) {
      const browser = accountClient(app.url)
      const answer = await browser.signIn(email, password)
      answers.push({ status: answer.status, body: await answer.text() })
      expect((await browser.get('/api/me')).status).toBe(401)
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 401, body: expect.stringContaining('CredentialsSignin') })
  })

  test('without the token of our own form nobody is signed in', async () => {
    app = await testApp(db)
    const form = { email: sarah.email, password: SAMPLE_PASSWORD, csrfToken: 'made up', json: 'true' }
    const answer = await fetch(`${app.url}/api/auth/callback/credentials`, {
      method: 'POST',
      body: new URLSearchParams(form),
    })
    expect(answer.headers.getSetCookie().filter((cookie) => cookie.includes('session-token'))).toEqual([])
  })

  test('a form that another site sends is refused', async () => {
    app = await testApp(db)
    const answer = await fetch(`${app.url}/api/auth/callback/credentials`, {
      method: 'POST',
      body: new URLSearchParams({ email: sarah.email, password: SAMPLE_PASSWORD }),
      headers: { origin: 'https://evil.example' },
    })
    expect(await errorOf(answer)).toEqual({ status: 403, code: 'origin' })
  })

  test('nobody is sent to another site afterwards', async () => {
    app = await testApp(db)
    const answer = await accountClient(app.url).signIn(sarah.email, SAMPLE_PASSWORD, 'https://evil.example/')
    expect(await answer.json()).toEqual({ url: `${app.url}/` })
  })

  test('a production build refuses the sample people unless told otherwise', async () => {
    app = await testApp(db, { settings: { NODE_ENV: 'production' } })
    expect((await accountClient(app.url).signIn(sarah.email, SAMPLE_PASSWORD)).status).toBe(401)
    await app[Symbol.asyncDispose]()
    app = await testApp(db, { settings: { NODE_ENV: 'production', SAMPLE_LOGINS: '1' } })
    expect((await accountClient(app.url).signIn(sarah.email, SAMPLE_PASSWORD)).status).toBe(200)
  })
})

describe('signing out', () => {
  const signOuts: [string, (browser: AccountClient) => Promise<Response>][] = [
    ['our own door', (browser) => browser.send('POST', '/api/auth/sign-out', {})],
    ["next-auth's", (browser) => browser.signOut()],
  ]

  test.each(signOuts)(
    'by %s is final: a renewal that was on its way does not bring it back',
    async (_door, signOut) => {
      app = await testApp(db)
      const browser = accountClient(app.url)
      await browser.signIn(sarah.email, SAMPLE_PASSWORD)
      const renewed = accountClient(app.url)
      for (const [name, value] of browser.cookies) renewed.cookies.set(name, value)
      // As /api/me answers to an older session, and next-auth always.
      await renewed.get('/api/auth/session')
      await signOut(browser)
      expect(browser.cookies.has(SESSION_COOKIE)).toBe(false)
      browser.cookies.set(SESSION_COOKIE, renewed.cookies.get(SESSION_COOKIE) ?? '')
      expect((await browser.get('/api/me')).status).toBe(401)
      expect(await (await browser.get('/api/auth/session')).json()).toEqual({})
      expect(browser.cookies.has(SESSION_COOKIE)).toBe(false)
      await browser.signIn(sarah.email, SAMPLE_PASSWORD)
      expect((await browser.get('/api/me')).status).toBe(200)
    },
  )

  test('here leaves other browsers signed in', async () => {
    app = await testApp(db)
    const [here, elsewhere] = [accountClient(app.url), accountClient(app.url)]
    for (const browser of [here, elsewhere]) await browser.signIn(sarah.email, SAMPLE_PASSWORD)
    await here.send('POST', '/api/auth/sign-out', {})
    expect((await elsewhere.get('/api/me')).status).toBe(200)
  })
})

describe('cookies', () => {
  test('the session cookie is out of reach for scripts and other sites', async () => {
    app = await testApp(db)
    const answer = await accountClient(app.url).signIn(sarah.email, SAMPLE_PASSWORD)
    const cookie = answer.headers.getSetCookie().find((each) => each.startsWith('next-auth.session-token='))
    expect(cookie).toMatch(/; HttpOnly/)
    expect(cookie).toMatch(/; SameSite=Lax/)
    expect(cookie).toMatch(/; Path=\//)
  })

  test('on https the cookie is Secure and says so in its name', async () => {
    app = await testApp(db, { settings: { NEXTAUTH_URL: 'https://band.example.com' } })
    const answer = await fetch(`${app.url}/api/auth/sign-up`, {
      method: 'POST',
      body: JSON.stringify({ email: 'ida@example.com', password: 'a good password', name: 'Ida' }),
      headers: { 'content-type': 'application/json', origin: 'https://band.example.com' },
    })
    expect(answer.status).toBe(201)
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Secure-next-auth\.session-token=.*; HttpOnly; SameSite=Lax; Secure$/),
    ])
    const csrf = await fetch(`${app.url}/api/auth/csrf`)
    expect(csrf.headers.getSetCookie().join()).toMatch(/__Host-next-auth\.csrf-token=.*; Secure/)
  })
})

describe('floods', () => {
  test('guesses at one account are slowed down, from wherever they come, known or not', async () => {
    app = await testApp(db, { settings: { SIGN_INS_PER_ACCOUNT: '2', TRUSTED_PROXIES: '1' } })
    for (const email of [sarah.email, 'nobody@backline.test']) {
      const statuses = []
      for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) {
        statuses.push((await accountClient(app.url, { address }).signIn(email, 'a guess')).status)
      }
      expect(statuses, email).toEqual([401, 401, 429])
    }
  })

  test('guesses from one address are slowed down, with the time to come back', async () => {
    app = await testApp(db, { settings: { SIGN_INS_PER_ADDRESS: '2', TRUSTED_PROXIES: '1' } })
    const statuses = []
    for (const email of ['a@x.test', 'b@x.test', 'c@x.test']) {
      // What a client writes into the header itself is not believed: only the last hop counts.
      const answer = await accountClient(app.url, { address: `${email}, 10.0.0.9` }).signIn(email, 'a guess')
      statuses.push(answer.status)
      if (answer.status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(statuses).toEqual([401, 401, 429])
  })

  test('without proxies of our own nobody becomes somebody else by writing a header', async () => {
    app = await testApp(db, { settings: { SIGN_INS_PER_ADDRESS: '2' } })
    const statuses = []
    for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) {
      statuses.push((await accountClient(app.url, { address }).signIn(`${address}@x.test`, 'a guess')).status)
    }
    expect(statuses).toEqual([401, 401, 429])
  })
})

describe('sign-up', () => {
  const ida = { email: 'Ida@Example.com', password: 'a good password', name: 'Ida' }

  test('a person signs up, is signed in, and can sign in again', async () => {
    app = await testApp(db)
    const browser = accountClient(app.url)
    const answer = await browser.send('POST', '/api/auth/sign-up', ida)
    expect(answer.status).toBe(201)
    expect(await (await browser.get('/api/me')).json()).toMatchObject({
      user: { name: 'Ida', email: 'Ida@Example.com' },
    })
    const again = accountClient(app.url)
    expect((await again.signIn('ida@example.com', ida.password)).status).toBe(200)
    expect((await again.get('/api/me')).status).toBe(200)
  })

  test('an address has one account, whatever its case, also of two sign-ups at once', async () => {
    app = await testApp(db)
    const answers = await Promise.all(
      ['ida@example.com', 'IDA@example.com'].map((email) =>
        accountClient(app.url).send('POST', '/api/auth/sign-up', { ...ida, email }),
      ),
    )
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201, 400]))
  })

  test('what does not fit is named field by field', async () => {
    app = await testApp(db)
    const answer = await accountClient(app.url).send('POST', '/api/auth/sign-up', {
      email: 'ida',
      password: 'short',
      name: ' ',
    })
    expect(await errorOf(answer)).toEqual({
      status: 400,
      code: 'invalid',
      issues: [
        'email: is not an email address',
        'password: must have at least 8 characters',
        'name: must not be empty',
      ],
    })
  })
})

test('what is not a form is refused in our envelope', async () => {
  app = await testApp(db)
  const door = `${app.url}/api/auth/sign-up`
  const json = { 'content-type': 'application/json' }
  expect(await errorOf(await fetch(door))).toEqual({ status: 405, code: 'method' })
  expect(await errorOf(await fetch(door, { method: 'POST', body: 'x' }))).toEqual({ status: 415, code: 'content_type' })
  expect(await errorOf(await fetch(door, { method: 'POST', body: '{', headers: json }))).toEqual({
    status: 400,
    code: 'invalid',
    issues: ['body: is not JSON'],
  })
  expect(await errorOf(await fetch(door, { method: 'POST', body: '"'.repeat(20_000), headers: json }))).toEqual({
    status: 413,
    code: 'too_large',
  })
  const foreign = { ...json, origin: 'https://evil.example' }
  expect(await errorOf(await fetch(door, { method: 'POST', body: '{}', headers: foreign }))).toEqual({
    status: 403,
    code: 'origin',
  })
  expect(await errorOf(await fetch(`${app.url}/api/auth/_log`, { method: 'POST' }))).toEqual({
    status: 404,
    code: 'not_found',
  })
  const endless = new URLSearchParams({ email: sarah.email, password: 'x'.repeat(20_000) })
  expect(
    await errorOf(await fetch(`${app.url}/api/auth/callback/credentials`, { method: 'POST', body: endless })),
  ).toEqual({ status: 413, code: 'too_large' })
  expect(await errorOf(await fetch(`${app.url}/api/auth/session`, { method: 'PUT' }))).toEqual({
    status: 405,
    code: 'method',
  })
  expect(await errorOf(await fetch(`${app.url}/api/auth/constructor`))).toEqual({ status: 404, code: 'not_found' })
})

test('a database that does not answer is no wrong password, and nothing internal is said', async () => {
  app = await testApp(db, { settings: { DATABASE_URL: 'postgresql://nobody:secret@127.0.0.1:9/none' } })
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const browser = accountClient(app.url)
  const answers = [
    await browser.signIn(sarah.email, SAMPLE_PASSWORD),
    await browser.send('POST', '/api/auth/sign-up', { email: 'a@b.test', password: 'good enough', name: 'A' }),
  ]
  for (const answer of answers) {
    expect(answer.headers.get('location')).toBeNull()
    const text = await answer.clone().text()
    expect(await errorOf(answer)).toEqual({ status: 503, code: 'unavailable' })
    for (const internal of ['select', 'rate_limits', '127.0.0.1', 'secret']) expect(text).not.toContain(internal)
  }
  expect(log).toHaveBeenCalledTimes(2)
  log.mockRestore()
})
