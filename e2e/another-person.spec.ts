import type { BrowserContext, Page, Request } from 'playwright-core'
import { expect, inject } from 'vitest'
import { SAMPLE_USERS, type SampleUser } from '@/db/sample-ids'
import { asOwner } from '@/scripts/test/as-owner'
import { SAMPLE_PASSWORD, test, type Person } from '@/scripts/test/browser'
import { keptIn } from './kept'
import {
  addSong,
  find,
  hasNothingPending,
  hasPending,
  holdWrites,
  isConnected,
  isInstalled,
  isSynced,
  SONGS,
  uniqueTitle,
} from './songs-page'

// One browser, several people one after the other: what is one person's is neither shown to nor sent as another.

const db = { ownerUrl: inject('appOwnerUrl') }

/** On a tab that shows the sign-in page. */
async function signInOn(page: Page, name: SampleUser): Promise<void> {
  await page.getByLabel('Email').fill(SAMPLE_USERS[name].email)
  await page.getByLabel('Password').fill(SAMPLE_PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await isSignedIn(page, name)
}

const isSignedIn = (page: Page, name: SampleUser) =>
  page.getByRole('link', { name: `Signed in as ${SAMPLE_USERS[name].name}` }).waitFor()

async function signOutOn(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Account', exact: true }).click()
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL((url) => url.pathname === '/sign-in')
}

/** Every request to the door of writes, with how it ended. */
function writesOf(context: BrowserContext): { request: Request; userId: string }[] {
  const seen: { request: Request; userId: string }[] = []
  context.on('request', (request) => {
    if (new URL(request.url()).pathname !== '/api/writes') return
    const body = JSON.parse(request.postData() ?? '{}') as { userId?: string }
    seen.push({ request, userId: body.userId ?? '' })
  })
  return seen
}

async function authorOf(title: string): Promise<string | undefined> {
  const [song] = await asOwner<{ created_by: string }>(db, `select created_by from songs where title = $1`, [title])
  return song?.created_by
}

async function sarahLeavesASongUnsent(sarah: Person): Promise<{ song: string; letThrough: () => Promise<void> }> {
  await isInstalled(sarah)
  const letThrough = await holdWrites(sarah)
  const song = uniqueTitle('Sealed')
  await addSong(sarah.page, song)
  await hasPending(sarah.page, 1)
  return { song, letThrough }
}

test('when somebody else signs in in a second tab, the first person’s unsent work is sealed until they are back', async ({
  visitor,
}) => {
  const sarah = await visitor({ path: '/sign-in' })
  // Both tabs ask who it is: once Sarah has said so, the second still does.
  const second = await sarah.context.newPage()
  await second.goto('/sign-in')
  await signInOn(sarah.page, 'sarah')
  await sarah.page.goto(SONGS)
  const { song, letThrough } = await sarahLeavesASongUnsent(sarah)
  const writes = writesOf(sarah.context)
  // What the first tab still asks for Sarah is refused once the session is his.
  sarah.expectError(/status of 401/)
  await signInOn(second, 'alex')
  // From now on whatever the first tab still holds of Sarah's could get through.
  await letThrough()

  // The first tab is Alex's too, without a reload, and shows nothing of hers that did not arrive.
  await isSignedIn(sarah.page, 'alex')
  await sarah.page.getByRole('link', { name: 'Songs' }).first().click()
  await isConnected(sarah.page)
  await find(sarah.page, song)
  await sarah.page.getByText('No song matches').waitFor()
  await hasNothingPending(sarah.page)
  const his = uniqueTitle('His own')
  await onSongs(second)
  await addSong(second, his)
  await isSynced(second, his)
  expect(await authorOf(his)).toBe(SAMPLE_USERS.alex.id)

  // Nothing of hers was taken under his session.
  expect(await authorOf(song)).toBeUndefined()
  for (const { request, userId } of writes) {
    const status = (await request.response().catch(() => null))?.status()
    if (userId === SAMPLE_USERS.sarah.id) expect([401, undefined]).toContain(status)
    else expect(userId).toBe(SAMPLE_USERS.alex.id)
  }
  expect((await keptIn(second))[SAMPLE_USERS.sarah.id]).toMatchObject({ outbox: 1 })

  await signOutOn(second)
  await sarah.page.waitForURL((url) => url.pathname === '/sign-in')
  await signInOn(second, 'sarah')
  await onSongs(second)
  await find(second, song)
  await isSynced(second, song)
  expect(await authorOf(song)).toBe(SAMPLE_USERS.sarah.id)
})

test('who signs out with unsent work leaves it sealed and nothing readable; the next person sees none of it', async ({
  signIn,
}) => {
  const sarah = await signIn('sarah', { path: SONGS })
  const { page } = sarah
  const { song, letThrough } = await sarahLeavesASongUnsent(sarah)
  await page.getByRole('link', { name: 'Account', exact: true }).click()
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.getByText(/One change of yours has not been sent yet/).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL((url) => url.pathname === '/sign-in')
  expect((await keptIn(page))[SAMPLE_USERS.sarah.id]).toEqual({ rows: 0, outbox: 1, wholeShapes: [] })

  await letThrough()
  await signInOn(page, 'alex')
  await onSongs(page)
  await isConnected(page)
  await find(page, song)
  await page.getByText('No song matches').waitFor()
  await hasNothingPending(page)
  await page.getByRole('link', { name: 'Sync' }).first().click()
  await page.getByText('Nothing waits').waitFor()
  expect(await authorOf(song)).toBeUndefined()
  await signOutOn(page)

  await signInOn(page, 'sarah')
  await onSongs(page)
  await find(page, song)
  await isSynced(page, song)
  expect(await authorOf(song)).toBe(SAMPLE_USERS.sarah.id)
})

async function onSongs(page: Page): Promise<void> {
  await page.goto(SONGS)
  await isConnected(page)
}
