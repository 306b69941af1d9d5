import type { Page } from 'playwright-core'
import { expect, inject } from 'vitest'
import { openDatabase } from '@/db/client'
import { NIGHT_SHIFT } from '@/db/sample-ids'
import { issueResetCode } from '@/lib/server/accounts/password-reset'
import { asOwner } from '@/scripts/test/as-owner'
import { test } from '@/scripts/test/browser'

const db = { ownerUrl: inject('appOwnerUrl') }
const PASSWORD = 'several good words'
let people = 0
const somebody = () => `e2e-${process.pid}-${(people += 1)}@example.com`

/** A code of its own: it works once. */
async function inviteToNightShift(): Promise<string> {
  const [invite] = await asOwner<{ code: string }>(
    db,
    `insert into invites (id, band_id, role) values (gen_random_uuid(), $1, 'viewer') returning code`,
    [NIGHT_SHIFT],
  )
  return invite?.code ?? ''
}

async function openAccount(page: Page, email: string): Promise<void> {
  await page.getByLabel('Name').fill('Ida')
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Open account' }).click()
}

test('a person opens an account, is in the app, signs out and in again where they were', async ({ visitor }) => {
  const { page, context } = await visitor({ path: '/sign-up' })
  const email = somebody()
  await openAccount(page, email)
  await page.waitForURL((url) => url.pathname === '/')
  expect(await page.evaluate(() => document.cookie)).not.toContain('session-token')

  await page.goto('/account')
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL((url) => url.pathname === '/sign-in')
  expect((await context.cookies()).map(({ name }) => name)).not.toContain('next-auth.session-token')

  await page.goto(`/sign-in?callbackUrl=${encodeURIComponent('/account')}`)
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((url) => url.pathname === '/account')
})

test('a wrong password is said in words, and the address stays in its field', async ({ visitor }) => {
  const { page } = await visitor({ path: '/sign-in' })
  await page.getByLabel('Email').fill('nobody@example.com')
  await page.getByLabel('Password').fill('a guess')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('alert').filter({ hasText: 'do not match an account' }).waitFor()
  expect(await page.getByLabel('Email').inputValue()).toBe('nobody@example.com')
  expect(await page.getByLabel('Password').inputValue()).toBe('')
})

test('a field that does not fit says so itself', async ({ visitor }) => {
  const { page } = await visitor({ path: '/sign-up' })
  // Passes the browser's own check and not ours.
  await openAccount(page, 'ida@example')
  const field = page.getByLabel('Email')
  await page.getByText('This is not an email address.').waitFor()
  expect(await field.getAttribute('aria-invalid')).toBe('true')
})

test('somebody invited opens an account on the way and becomes a member; the next one finds the code used', async ({
  visitor,
}) => {
  const invite = `/invite/${await inviteToNightShift()}`
  const { page } = await visitor({ path: invite })
  const email = somebody()
  await page.getByRole('button', { name: 'Join the band' }).click()
  await page.getByRole('link', { name: 'open an account' }).click()
  await page.waitForURL((url) => url.pathname === '/sign-up')
  await openAccount(page, email)
  await page.waitForURL((url) => url.pathname === invite)
  await page.getByRole('button', { name: 'Join the band' }).click()
  await page.waitForURL((url) => url.pathname.startsWith(`/bands/${NIGHT_SHIFT}`))
  const roles = await asOwner(
    db,
    `select m.role from band_members m join users u on u.id = m.user_id where u.email = $1`,
    [email],
  )
  expect(roles).toEqual([{ role: 'viewer' }])

  const other = await visitor({ path: '/sign-up' })
  await openAccount(other.page, somebody())
  await other.page.waitForURL((url) => url.pathname === '/')
  await other.page.goto(invite)
  await other.page.getByRole('button', { name: 'Join the band' }).click()
  await other.page.getByRole('alert').filter({ hasText: 'This invite does not work' }).waitFor()
})

test('somebody with a one-time code chooses a new password and is signed in with it', async ({ visitor }) => {
  const { page } = await visitor({ path: '/sign-up' })
  const email = somebody()
  await openAccount(page, email)
  await page.waitForURL((url) => url.pathname === '/')
  await using db = openDatabase(inject('appOwnerUrl'))
  const issued = await issueResetCode(db, email, 'administrator')

  const elsewhere = (await visitor({ path: '/sign-in' })).page
  await elsewhere.getByRole('link', { name: 'Forgot your password?' }).click()
  await elsewhere.getByRole('link', { name: 'I have a code' }).click()
  await elsewhere.getByLabel('Code').fill('4QTR-XW8P-0KZM-D2AE')
  await elsewhere.getByLabel('New password').fill('another few words')
  await elsewhere.getByRole('button', { name: 'Set password and sign in' }).click()
  await elsewhere.getByText('This does not work.').waitFor()
  await elsewhere.getByLabel('Code').fill(issued?.reset.code ?? '')
  await elsewhere.getByLabel('New password').fill('another few words')
  await elsewhere.getByRole('button', { name: 'Set password and sign in' }).click()
  await elsewhere.waitForURL((url) => url.pathname === '/')
  // Whoever is not named in ADMIN_EMAILS hands out none.
  await elsewhere.goto('/password/codes')
  await elsewhere.getByLabel('Email').fill(email)
  await elsewhere.getByRole('button', { name: 'Make a code' }).click()
  await elsewhere.getByRole('alert').filter({ hasText: 'Only an owner of this installation' }).waitFor()
})

test('without JavaScript a person signs in all the same, and is told what the app needs it for', async ({
  browser,
}) => {
  const context = await browser.newContext({ baseURL: inject('appUrl'), javaScriptEnabled: false })
  try {
    const page = await context.newPage()
    await page.goto('/sign-up')
    const email = somebody()
    await openAccount(page, email)
    await page.waitForURL((url) => url.pathname === '/')
    // Looking for a text passes over what only browsers without scripts show.
    await page.locator('noscript p').waitFor()
    await context.clearCookies()
    await page.goto('/sign-in')
    await page.getByLabel('Email').fill(email)
    await page.getByLabel('Password').fill('a guess')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('alert').filter({ hasText: 'do not match an account' }).waitFor()
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL((url) => url.pathname === '/')
  } finally {
    await context.close()
  }
})
