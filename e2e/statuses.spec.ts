import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { NIGHT_SHIFT } from '@/db/sample-ids'
import { test, type Person } from '@/scripts/test/browser'
import { beyondTheEdge } from './layout'
import { addSong, find, gate, isInstalled, isSynced, rowOf, SONGS, titleButton, uniqueTitle } from './songs-page'

// R-TEST-18: every page at phone and desktop widths with each status.

const WIDTHS = [
  { width: 360, height: 800 },
  { width: 1440, height: 900 },
] as const
const PAGES = [
  { link: 'Home', heading: 'Hello, Sarah' },
  { link: 'Songs', heading: 'Songs' },
  { link: 'Members', heading: 'Members' },
  { link: 'Sync', heading: 'Sync' },
  { link: 'Account', heading: 'Account' },
] as const

const idOf = async (page: Page, song: string) => (await rowOf(page, song).getAttribute('data-id')) ?? ''

/** Somebody else's program changes a song, having seen `base`. */
async function patchSong({ context }: Person, id: string, body: object): Promise<number> {
  return (await context.request.patch(`/api/songs/${id}`, { data: body })).status()
}

/** The status stands at the row as words and as an attribute, at both widths. */
async function showsStatus(page: Page, song: string, status: string, words: string): Promise<void> {
  for (const size of WIDTHS) {
    await page.setViewportSize(size)
    await rowOf(page, song).getByText(words, { exact: true }).first().waitFor()
    await expect.poll(() => rowOf(page, song).getAttribute('data-sync')).toBe(status)
    await expect.poll(() => beyondTheEdge(page)).toEqual([])
  }
}

/** Goes through every page at both widths: nothing is cut off and the connection says `words`. */
async function walkThrough(page: Page, words: string): Promise<void> {
  for (const size of WIDTHS) {
    await page.setViewportSize(size)
    for (const { link, heading } of PAGES) {
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: link }).click()
      await page.getByRole('heading', { level: 1, name: heading }).waitFor()
      await page.getByRole('status').getByText(words).first().waitFor()
      await expect.poll(async () => ({ link, beyond: await beyondTheEdge(page) })).toEqual({ link, beyond: [] })
    }
  }
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Songs' }).click()
}

test('R-TEST-18 every page shows each status in words, on a phone and on a desktop', async ({ signIn }) => {
  const [sarah, alex] = await Promise.all([signIn('sarah', { path: SONGS }), signIn('alex')])
  const { page, context } = sarah
  await isInstalled(sarah)
  const word = uniqueTitle('A title as long as songs have when nobody thinks of small screens')
  const [synced, unread, conflict, mine] = ['synced', 'unread', 'conflict', 'mine'].map(
    (each) => `${word} ${each}`,
  ) as [string, string, string, string]
  for (const song of [synced, unread, conflict, mine]) {
    await addSong(page, song)
    await isSynced(page, song)
  }
  await find(page, word)
  expect(await patchSong(alex, await idOf(page, unread), { patch: { artist: 'Alex' } })).toBe(200)
  const disputed = { patch: { title: 'Another' }, base: { title: 'What nobody wrote' } }
  expect(await patchSong(alex, await idOf(page, conflict), disputed)).toBe(409)
  await showsStatus(page, synced, 'synced', 'Synced')
  await showsStatus(page, unread, 'unread', 'Changed since you looked')
  await showsStatus(page, conflict, 'conflict', 'Needs a decision')
  await walkThrough(page, 'Connected')

  // Syncing: the door has not answered yet.
  const answer = gate()
  sarah.expectError(/status of 502/)
  await context.route('**/api/writes', async (route) => {
    await answer.opened
    await route.fulfill({ status: 502, body: 'Bad gateway' })
  })
  await find(page, word)
  await titleButton(page, mine).click()
  await page.getByRole('textbox', { name: 'Title' }).fill(`${mine} again`)
  await page.keyboard.press('Enter')
  await showsStatus(page, `${mine} again`, 'syncing', 'Syncing')
  await walkThrough(page, 'Connected')

  // Error: the attempt failed while the connection stands.
  answer.open()
  await find(page, word)
  await showsStatus(page, `${mine} again`, 'error', 'Not saved')
  await walkThrough(page, 'Connected')

  // Pending: there is no connection.
  await sarah.goOffline()
  await page.reload()
  await page.getByRole('status').getByText('Offline').first().waitFor()
  await find(page, word)
  await showsStatus(page, `${mine} again`, 'pending', 'Waiting for a connection')
  await walkThrough(page, 'Offline')

  await context.unroute('**/api/writes')
  await sarah.goOnline()
  await find(page, word)
  await showsStatus(page, `${mine} again`, 'synced', 'Synced')
})

test('R-TEST-18 every page says that the session is over, on a phone and on a desktop', async ({ signIn }) => {
  const sarah = await signIn('sarah', { path: `/bands/${NIGHT_SHIFT}/songs` })
  sarah.expectError(/status of 401/)
  await isInstalled(sarah)
  await sarah.context.clearCookies()
  await addSong(sarah.page, uniqueTitle('Unsent'))
  await sarah.page.getByRole('status').getByText('Signed out').first().waitFor()
  await walkThrough(sarah.page, 'Signed out')
  await sarah.page.getByText('You are signed out. One change waits on this device').waitFor()
})
