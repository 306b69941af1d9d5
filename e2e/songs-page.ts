import { randomUUID } from 'node:crypto'
import type { CDPSession, Page } from 'playwright-core'
import { expect } from 'vitest'
import { NIGHT_SHIFT } from '@/db/sample-ids'
import { NETWORK_TROUBLE, type Person, type SignIn } from '@/scripts/test/browser'
import { keptIn } from './kept'

/** The songs page as a person uses it, for browser tests. */

export const SONGS = `/bands/${NIGHT_SHIFT}/songs`

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

/** Deletes a song and leaves the notice that offers to undo it standing. */
export async function deleteSong(page: Page, text: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${text}` }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  // A notice goes by itself after five seconds, but not while the pointer is over it.
  await undoButton(page).hover()
  await titleButton(page, text).waitFor({ state: 'detached' })
}

export const undoButton = (page: Page) => page.getByRole('button', { name: 'Undo' })

/** What the songs page shows without a network; a person is connected before all of it has come. */
const SHOWN_OFFLINE = ['band_members/mine', `bands/${NIGHT_SHIFT}`, `songs/${NIGHT_SHIFT}`]

/** Waits until the app is connected and opens without a network, with what it showed. */
export async function isInstalled({ page }: Pick<Person, 'page'>): Promise<void> {
  // Not `serviceWorker.ready`, which for a worker that could not be installed never settles.
  await expect.poll(() => page.evaluate(workerState), { timeout: 120_000 }).toBe('activated')
  await isConnected(page)
  const wholeShapes = async () => Object.values(await keptIn(page)).flatMap((kept) => kept.wholeShapes)
  await expect.poll(wholeShapes).toEqual(expect.arrayContaining(SHOWN_OFFLINE))
}

const workerState = async () => (await navigator.serviceWorker.getRegistration())?.active?.state

/** Signs somebody in on the songs page, unless told another, and waits until it opens without a network. */
export async function signInAndInstall(signIn: SignIn, name: string, path = SONGS): Promise<Person> {
  const person = await signIn(name, { path })
  await isInstalled(person)
  return person
}

/** Sarah and Alex, on the songs page. */
export async function sarahAndAlex(signIn: SignIn): Promise<[sarah: Person, alex: Person]> {
  return Promise.all([signIn('sarah', { path: SONGS }), signIn('alex', { path: SONGS })])
}

/** Sarah adds a song that Alex then sees; both have found it by its title. */
export async function bothSeeASong(
  signIn: SignIn,
  words: string,
): Promise<{ sarah: Person; alex: Person; song: string }> {
  const [sarah, alex] = await sarahAndAlex(signIn)
  const song = uniqueTitle(words)
  await addSong(sarah.page, song)
  await isSynced(sarah.page, song)
  await find(alex.page, song)
  await titleButton(alex.page, song).waitFor()
  return { sarah, alex, song }
}

/** Somebody does something without a network, then others do `meanwhile`; then they are back. */
export async function whileAway(
  person: Person,
  change: () => Promise<void>,
  meanwhile: () => Promise<void>,
): Promise<void> {
  await isConnected(person.page)
  await person.goOffline()
  await change()
  await meanwhile()
  await person.goOnline()
}

/** A song of both that Alex, away, calls `B` while Sarah calls it `A`: both are asked which it is. */
export async function bothRetitle(
  signIn: SignIn,
  words: string,
): Promise<{ sarah: Person; alex: Person; song: string }> {
  const { sarah, alex, song } = await bothSeeASong(signIn, words)
  await whileAway(
    alex,
    () => retitle(alex.page, song, `${song} B`),
    async () => {
      await retitle(sarah.page, song, `${song} A`)
      await isSynced(sarah.page, `${song} A`)
    },
  )
  return { sarah, alex, song }
}

/** The browser's own instruments for one page. */
export function devTools(page: Page): Promise<CDPSession> {
  return page.context().newCDPSession(page)
}

/** Nothing that leads to the door of writes gets through, until the returned function is called. */
export async function holdWrites(person: Person): Promise<() => Promise<void>> {
  const { context } = person
  person.expectError(NETWORK_TROUBLE)
  await context.route('**/api/writes', (route) => route.abort('connectionreset'))
  return () => context.unroute('**/api/writes')
}

/** Something that is waited for until it is opened. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}
