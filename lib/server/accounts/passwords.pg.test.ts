import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SAMPLE_PASSWORD, SAMPLE_USERS } from '@/db/sample-ids'
import { accountClient } from '@/scripts/test/account-client'
import { testApp, type TestApp } from '@/scripts/test/app'
import { asOwner } from '@/scripts/test/as-owner'
import type { TestDatabase } from '@/scripts/test/database'
import { testMailServer } from '@/scripts/test/mail-server'
import { testDatabase } from '@/scripts/test/postgres'

const { sarah, alex } = SAMPLE_USERS
const NEW_PASSWORD = 'quite another password'
const ADMIN = 'admin@example.com'

let db: TestDatabase
let app: TestApp
beforeEach(async () => {
  db = await testDatabase({ seeded: true })
  app = await testApp(db, { settings: { ADMIN_EMAILS: ADMIN } })
})
afterEach(async () => {
  await app[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

async function signedIn(email: string = sarah.email, password = SAMPLE_PASSWORD) {
  const browser = accountClient(app.url)
  expect((await browser.signIn(email, password)).status).toBe(200)
  return browser
}

async function statusOfMe(browser: { get(path: string): Promise<Response> }): Promise<number> {
  return (await browser.get('/api/me')).status
}

/** Somebody of this installation's owners asks for a code for this person. */
async function handedOutCode(email: string): Promise<string> {
  const admin = accountClient(app.url)
  const signUp = await admin.send('POST', '/api/auth/sign-up', { email: ADMIN, password: NEW_PASSWORD, name: 'Ada' })
  if (signUp.status !== 201) await admin.signIn(ADMIN, NEW_PASSWORD)
  const answer = await admin.send('POST', '/api/auth/reset-codes', { email })
  expect(answer.status).toBe(201)
  return ((await answer.json()) as { code: string }).code
}

describe('change', () => {
  test('a new password ends every other session and keeps the one that changed it', async () => {
    const [here, elsewhere] = [await signedIn(), await signedIn()]
    const answer = await here.send('POST', '/api/auth/password', {
      current_password: SAMPLE_PASSWORD,
      new_password: NEW_PASSWORD,
    })
    expect(answer.status).toBe(200)
    expect(await statusOfMe(here)).toBe(200)
    expect(await statusOfMe(elsewhere)).toBe(401)
    expect((await accountClient(app.url).signIn(sarah.email, SAMPLE_PASSWORD)).status).toBe(401)
    expect((await accountClient(app.url).signIn(sarah.email, NEW_PASSWORD)).status).toBe(200)
  })

  test('without the current password nothing changes', async () => {
    const browser = await signedIn()
    for (const current of [{ current_password: 'a guess' }, {}]) {
      const answer = await browser.send('POST', '/api/auth/password', { ...current, new_password: NEW_PASSWORD })
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ error: { issues: ['current_password: is not your password'] } })
    }
    expect((await accountClient(app.url).signIn(sarah.email, SAMPLE_PASSWORD)).status).toBe(200)
  })

  test('nobody changes a password signed out, or with a session that is over', async () => {
    const form = { current_password: SAMPLE_PASSWORD, new_password: NEW_PASSWORD }
    expect((await accountClient(app.url).send('POST', '/api/auth/password', form)).status).toBe(401)
    const [here, elsewhere] = [await signedIn(), await signedIn()]
    await elsewhere.send('POST', '/api/auth/sign-out-everywhere', {})
    expect((await here.send('POST', '/api/auth/password', form)).status).toBe(401)
  })
})

describe('sign out everywhere', () => {
  test('every session is over at once, and is not renewed', async () => {
    const [here, elsewhere] = [await signedIn(), await signedIn()]
    expect((await here.send('POST', '/api/auth/sign-out-everywhere', {})).status).toBe(204)
    expect(here.cookies.has('next-auth.session-token')).toBe(false)
    expect(await statusOfMe(elsewhere)).toBe(401)
    expect(await (await elsewhere.get('/api/auth/session')).json()).toEqual({})
    expect(elsewhere.cookies.has('next-auth.session-token')).toBe(false)
    expect(await statusOfMe(await signedIn())).toBe(200)
  })

  test('others stay signed in', async () => {
    const other = await signedIn(alex.email)
    await (await signedIn()).send('POST', '/api/auth/sign-out-everywhere', {})
    expect(await statusOfMe(other)).toBe(200)
  })
})

describe('a one-time code', () => {
  test('of an owner of the installation opens the account once and ends its sessions', async () => {
    const before = await signedIn()
    const code = await handedOutCode(sarah.email)
    const browser = accountClient(app.url)
    const finish = { code: code.toLowerCase().replaceAll('-', ' '), new_password: NEW_PASSWORD }
    expect((await browser.send('POST', '/api/auth/password-reset/finish', finish)).status).toBe(200)
    expect(await (await browser.get('/api/me')).json()).toMatchObject({ user: { id: sarah.id } })
    expect(await statusOfMe(before)).toBe(401)
    expect((await accountClient(app.url).signIn(sarah.email, NEW_PASSWORD)).status).toBe(200)
    expect((await accountClient(app.url).send('POST', '/api/auth/password-reset/finish', finish)).status).toBe(400)
  })

  test('used by two at once works for one', async () => {
    const code = await handedOutCode(sarah.email)
    const answers = await Promise.all(
      ['the first password', 'the second password'].map((new_password) =>
        accountClient(app.url).send('POST', '/api/auth/password-reset/finish', { code, new_password }),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 400]))
  })

  test('wrong, used and expired are one answer, and change nothing', async () => {
    const [used, expired] = [await handedOutCode(sarah.email), await handedOutCode(alex.email)]
    const finish = (code: string) =>
      accountClient(app.url).send('POST', '/api/auth/password-reset/finish', { code, new_password: NEW_PASSWORD })
    await finish(used)
    await asOwner(db, `update password_resets set expires_at = now() where user_id = $1`, [alex.id])
    const answers = await Promise.all([used, expired, 'AAAA-BBBB-CCCC-DDDD', '%00', "'"].map(finish))
    const bodies = await Promise.all(answers.map(async (answer) => `${answer.status} ${await answer.text()}`))
    expect(new Set(bodies).size).toBe(1)
    expect(bodies[0]).toMatch(/^400 /)
    expect((await accountClient(app.url).signIn(alex.email, SAMPLE_PASSWORD)).status).toBe(200)
  })

  test('that works no longer is removed when somebody asks for the next one', async () => {
    await handedOutCode(sarah.email)
    await asOwner(db, `update password_resets set expires_at = now()`)
    const used = await handedOutCode(alex.email)
    await accountClient(app.url).send('POST', '/api/auth/password-reset/finish', {
      code: used,
      new_password: NEW_PASSWORD,
    })
    const open = await handedOutCode(sarah.email)
    await handedOutCode(alex.email)
    expect(await asOwner(db, `select count(*)::int as resets from password_resets`)).toEqual([{ resets: 2 }])
    const finish = { code: open, new_password: NEW_PASSWORD }
    expect((await accountClient(app.url).send('POST', '/api/auth/password-reset/finish', finish)).status).toBe(200)
  })

  test('is void once the password was set in another way', async () => {
    const code = await handedOutCode(sarah.email)
    const browser = await signedIn()
    const change = { current_password: SAMPLE_PASSWORD, new_password: NEW_PASSWORD }
    await browser.send('POST', '/api/auth/password', change)
    const late = await browser.send('POST', '/api/auth/password-reset/finish', { code, new_password: 'something else' })
    expect(late.status).toBe(400)
  })

  test('is handed out by owners of the installation only, and kept nowhere in readable form', async () => {
    const browser = await signedIn()
    expect((await browser.send('POST', '/api/auth/reset-codes', { email: alex.email })).status).toBe(403)
    expect((await accountClient(app.url).send('POST', '/api/auth/reset-codes', { email: alex.email })).status).toBe(401)
    const code = await handedOutCode(alex.email)
    const stored = await asOwner(db, `select * from password_resets`)
    expect(JSON.stringify(stored)).not.toContain(code)
    expect(JSON.stringify(stored)).not.toContain(code.replaceAll('-', ''))
  })

  test('is not for the sample people to hand out, though ADMIN_EMAILS names one', async () => {
    await app[Symbol.asyncDispose]()
    app = await testApp(db, { settings: { ADMIN_EMAILS: sarah.email } })
    expect((await (await signedIn()).send('POST', '/api/auth/reset-codes', { email: alex.email })).status).toBe(403)
  })
})

describe('a reset by mail', () => {
  const origin = 'http://band.test'
  const ask = (email: string) => accountClient(app.url, { origin }).send('POST', '/api/auth/password-reset', { email })
  const withMail = async (url: string) => {
    await app[Symbol.asyncDispose]()
    app = await testApp(db, { settings: { SMTP_URL: url, MAIL_FROM: 'Backline <b@band.test>', NEXTAUTH_URL: origin } })
  }

  test('goes to the address of the account, works once, and proves that its reader owns the address', async () => {
    await using mail = await testMailServer()
    await withMail(mail.url)
    expect((await ask(sarah.email)).status).toBe(202)
    const received = await mail.next()
    expect(received.to).toEqual([sarah.email])
    const code = /http:\/\/band\.test\/password\/reset\?code=(\S+)/.exec(received.text)?.[1]
    const finish = () =>
      accountClient(app.url, { origin }).send('POST', '/api/auth/password-reset/finish', {
        code,
        new_password: NEW_PASSWORD,
      })
    expect((await finish()).status).toBe(200)
    expect((await finish()).status).toBe(400)
    const verified = await asOwner(db, `select email_verified is not null as yes from users where id = $1`, [sarah.id])
    expect(verified).toEqual([{ yes: true }])
  })

  test('floods nobody: after three in an hour the answers go on, the mails do not', async () => {
    await using mail = await testMailServer()
    await withMail(mail.url)
    const asked = [sarah.email, sarah.email.toUpperCase(), sarah.email, sarah.email]
    for (const email of asked) expect((await ask(email)).status).toBe(202)
    const received = [await mail.next(), await mail.next(), await mail.next()]
    for (const { to } of received) expect(to).toEqual([sarah.email])
    // Mails go out in turn: had there been a fourth, it would come before this one.
    await ask(alex.email)
    expect((await mail.next()).to).toEqual([alex.email])
    expect(await asOwner(db, `select count(*)::int as resets from password_resets`)).toEqual([{ resets: 4 }])
  })

  test('answers alike whether the account exists or not, and writes to no stranger', async () => {
    await using mail = await testMailServer()
    await withMail(mail.url)
    const answers = []
    for (const email of ['nobody@backline.test', sarah.email]) {
      const answer = await ask(email)
      answers.push(`${answer.status} ${await answer.text()}`)
    }
    expect(new Set(answers).size).toBe(1)
    expect((await mail.next()).to).toEqual([sarah.email])
    expect(await asOwner(db, `select count(*)::int as resets from password_resets`)).toEqual([{ resets: 1 }])
  })

  test('without a mail server says whom to ask', async () => {
    const answer = await accountClient(app.url).send('POST', '/api/auth/password-reset', { email: sarah.email })
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('one-time code') } })
  })
})
