import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { NIGHT_SHIFT } from '@/db/sample-ids'
import { test } from '@/scripts/test/browser'
import { beyondTheEdge } from './layout'
import { isConnected, isInstalled, signInAndInstall, SONGS, titleButton } from './songs-page'

const SCREENS = [
  { path: '/', heading: 'Hello, Sarah' },
  { path: SONGS, heading: 'Songs' },
  { path: `/bands/${NIGHT_SHIFT}/members`, heading: 'Members' },
  { path: '/sync', heading: 'Sync' },
  { path: '/account', heading: 'Account' },
] as const

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })

for (const [device, viewport] of [
  ['a phone', { width: 360, height: 800 }],
  ['a desktop', { width: 1440, height: 900 }],
] as const) {
  test(`every screen opens from the navigation and fits on ${device}`, async ({ signIn }) => {
    const { page } = await signIn('sarah', { viewport })
    await heading(page, 'Hello, Sarah').waitFor()
    for (const { path, heading: name } of [...SCREENS.slice(1), SCREENS[0]]) {
      await page
        .getByRole('navigation', { name: 'Main' })
        .getByRole('link', { name: path === '/' ? 'Home' : name })
        .click()
      await heading(page, name).waitFor()
      expect(new URL(page.url()).pathname).toBe(path)
      await expect.poll(() => beyondTheEdge(page)).toEqual([])
      // The connection is on screen everywhere, in words.
      await isConnected(page)
    }
    await page.goBack()
    await heading(page, 'Account').waitFor()
  })
}

test('every page opens with no network, with what this device has', async ({ signIn }) => {
  const person = await signInAndInstall(signIn, 'sarah')
  const { page } = person
  await titleButton(page, 'Creep').waitFor()
  await person.goOffline()
  for (const { path, heading: name } of SCREENS) {
    await page.goto(path)
    await heading(page, name).waitFor()
    await page.getByRole('status').getByText('Offline').waitFor()
  }
  await page.goto(SONGS)
  await titleButton(page, 'Creep').waitFor()
  await page.goto('/no/such/page')
  await page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
})

test('a new build is offered, and taken by reloading', async ({ signIn }) => {
  const alex = await signIn('alex')
  const { page } = alex
  await isInstalled(alex)
  // What the worker says when it has kept a new build (service-worker.spec.ts).
  const announce = () =>
    navigator.serviceWorker.dispatchEvent(new MessageEvent('message', { data: { kind: 'update-ready' } }))
  await page.evaluate(announce)
  await page.getByText('A new version of Backline is ready').waitFor()
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Reload' }).click()])
  await heading(page, 'Hello, Alex').waitFor()
  expect(await page.getByText('A new version of Backline is ready').count()).toBe(0)
})

test('whoever is not signed in is led to sign in and back to where they wanted to be', async ({ visitor }) => {
  const person = await visitor({ path: '/sync' })
  const { page } = person
  person.expectError(/status of 401/)
  await page.waitForURL((url) => url.pathname === '/sign-in')
  await page.getByLabel('Email').fill('mia@backline.test')
  await page.getByLabel('Password').fill('backline-demo')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await heading(page, 'Sync').waitFor()
  expect(new URL(page.url()).pathname).toBe('/sync')
})

test('the app works from the keyboard alone', async ({ signIn }) => {
  const { page } = await signIn('alex', { path: SONGS })
  await titleButton(page, 'Creep').waitFor()
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the screen')

  await page.keyboard.press('/')
  await page.keyboard.type('creep')
  await titleButton(page, 'Dreams').waitFor({ state: 'detached' })

  const title = titleButton(page, 'Creep')
  await title.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: 'Title' }).waitFor()
  await page.keyboard.type('Something else')
  await page.keyboard.press('Escape')
  await title.waitFor()

  await page.getByRole('button', { name: 'Actions for Creep' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: /Edit details/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

test('a new name and picture are seen in the navigation and by the band', async ({ signIn }) => {
  const { page } = await signIn('noah', { path: '/account' })
  await isConnected(page)
  const rename = async (name: string) => {
    await page.getByRole('textbox', { name: 'Name' }).fill(name)
    await page.getByRole('button', { name: 'Save name and picture' }).click()
    await page.getByRole('link', { name: `Signed in as ${name} noah@backline.test`, exact: true }).waitFor()
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Members' }).click()
    await page.getByRole('list', { name: 'Members' }).getByText(`${name} (you)`).waitFor()
  }
  await rename('Noah Two')
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Account' }).click()
  await rename('Noah')
})

test('signing out warns about unsent work, and leaves nothing of the person readable', async ({ signIn }) => {
  const person = await signInAndInstall(signIn, 'mia', '/account')
  const { page } = person
  await person.goOffline()
  await page.getByRole('status').getByText('Offline').waitFor()
  await page.getByRole('link', { name: 'Home' }).click()
  await page.getByRole('button', { name: 'New band' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Solo')
  await page.getByRole('button', { name: 'Create band' }).click()
  await heading(page, 'Songs').waitFor()
  await page.getByRole('button', { name: /^Band: Solo/ }).waitFor()
  await page.getByRole('status').getByText('1 pending').waitFor()
  await page.getByRole('link', { name: 'Account', exact: true }).click()
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.getByText(/One change of yours has not been sent yet/).waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()

  await person.goOnline()
  await page.getByRole('status').getByText('1 pending').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.getByText('All your work has arrived').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL((url) => url.pathname === '/sign-in')

  await person.goOffline()
  await page.goto('/')
  await page.getByText('Nobody is signed in on this device').waitFor()
})

test('a session that ended elsewhere takes nothing away: it asks to sign in, and goes on where it was', async ({
  signIn,
}) => {
  const [laptop, phone] = await Promise.all([signIn('mia', { path: '/account' }), signIn('mia', { path: SONGS })])
  phone.expectError(/status of 401/)
  await phone.page.getByRole('row').filter({ hasText: 'Creep' }).waitFor()
  await isConnected(phone.page)

  await laptop.page.getByRole('button', { name: 'Sign out everywhere' }).click()
  await laptop.page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click()
  await laptop.page.waitForURL((url) => url.pathname === '/sign-in')

  await phone.page.getByText(/You are signed out\./).waitFor()
  await phone.page.getByRole('row').filter({ hasText: 'Creep' }).waitFor()
  await phone.page.getByRole('link', { name: 'Sign in' }).click()
  await phone.page.getByLabel('Email').fill('mia@backline.test')
  await phone.page.getByLabel('Password').fill('backline-demo')
  await phone.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await phone.page.waitForURL((url) => url.pathname === SONGS)
  await isConnected(phone.page)
  expect(await phone.page.getByText(/You are signed out\./).count()).toBe(0)
})
