import { randomUUID } from 'node:crypto'
import type { CDPSession, Page } from 'playwright-core'
import { NIGHT_SHIFT } from '@/db/sample-ids'
import type { Person } from '@/scripts/test/browser'

/** The songs page as a person uses it, for browser tests. */

export const SONGS = `/bands/${NIGHT_SHIFT}/songs`

/** What a browser says on its console when the network, or somebody in between, is in the way. */
export const NETWORK_TROUBLE =
  /ERR_INTERNET_DISCONNECTED|ERR_FAILED|ERR_NETWORK_IO_SUSPENDED|Failed to fetch|Failed to load resource/

/** A title no other test uses. */
export const uniqueTitle = (words: string) => `${words} ${randomUUID().slice(0, 8)}`

export const titleButton = (page: Page, text: string) =>
  page.getByRole('button', { name: `Title: ${text}. Edit`, exact: true })
export const rowOf = (page: Page, text: string) => page.getByRole('row').filter({ has: titleButton(page, text) })
export const hasStatus = (page: Page, text: string, words: string) =>
  rowOf(page, text).getByText(words, { exact: true }).waitFor()
export const isSynced = (page: Page, text: string) => hasStatus(page, text, 'Synced')

export const isConnected = (page: Page) => page.getByRole('status').getByText('Connected').first().waitFor()
export const hasPending = (page: Page, count: number) =>
  page.getByRole('status').getByText(`${count} pending`).first().waitFor()
export const hasNothingPending = (page: Page) =>
  page
    .getByRole('status')
    .getByText(/\d+ pending/)
    .first()
    .waitFor({ state: 'detached' })

/** Finds songs among the many: their rows are drawn wherever they come in the order. */
export async function find(page: Page, text: string): Promise<void> {
  await page.getByRole('searchbox', { name: 'Search songs' }).fill(text)
}

/** Adds a song and leaves the list showing it alone. */
export async function addSong(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'New song' }).fill(text)
  await page.getByRole('button', { name: 'Add song' }).click()
  await titleButton(page, text).waitFor()
  await find(page, text)
}

export async function retitle(page: Page, from: string, to: string): Promise<void> {
  await titleButton(page, from).click()
  await page.getByRole('textbox', { name: 'Title' }).fill(to)
  await page.keyboard.press('Enter')
}

export async function deleteSong(page: Page, text: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${text}` }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await titleButton(page, text).waitFor({ state: 'detached' })
}

/** Waits until the shell opens without a network. */
export async function isInstalled({ page }: Pick<Person, 'page'>): Promise<void> {
  await page.evaluate(async () => void (await navigator.serviceWorker.ready))
  await isConnected(page)
}

/** The browser's own instruments for one page. */
export function devTools(page: Page): Promise<CDPSession> {
  return page.context().newCDPSession(page)
}

/** Nothing that leads to the door of writes gets through, until the returned function is called. */
export async function holdWrites({ context }: Pick<Person, 'context'>): Promise<() => Promise<void>> {
  await context.route('**/api/writes', (route) => route.abort('connectionreset'))
  return () => context.unroute('**/api/writes')
}

/** Something that is waited for until it is opened. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}
