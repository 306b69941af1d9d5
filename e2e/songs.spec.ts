import { randomUUID } from 'node:crypto'
import { expect, inject } from 'vitest'
import { SAMPLE_USERS, type SampleUser } from '@/db/sample-ids'
import { asOwner } from '@/scripts/test/as-owner'
import { test } from '@/scripts/test/browser'
import {
  addSong,
  bothRetitle,
  bothSeeASong,
  deleteSong,
  find,
  isConnected,
  isSynced,
  retitle,
  rowOf,
  signInAndInstall,
  SONGS,
  titleButton,
  undoButton,
  uniqueTitle as title,
} from './songs-page'

const db = { ownerUrl: inject('appOwnerUrl') }

/** A band of its own, so that removing somebody disturbs no other test. */
async function bandOf(name: string, members: Partial<Record<SampleUser, 'owner' | 'collaborator'>>): Promise<string> {
  const band = randomUUID()
  await asOwner(db, `insert into bands (id, name) values ($1, $2)`, [band, name])
  for (const [member, role] of Object.entries(members)) {
    const { id, name: display } = SAMPLE_USERS[member as SampleUser]
    await asOwner(
      db,
      `insert into band_members (id, band_id, user_id, role, display_name) values ($1, $2, $3, $4, $5)`,
      [randomUUID(), band, id, role, display],
    )
  }
  return band
}

test('Sarah edits a title and Alex sees it without a reload, with a notice of who did it', async ({ signIn }) => {
  const [sarah, alex] = await Promise.all([signIn('sarah', { path: SONGS }), signIn('alex')])
  const [before, after] = [title('Draft'), title('Anthem')]
  // The band's log is there: from now on he is told of changes.
  await alex.page.getByRole('region', { name: 'Lately in The Night Shift' }).waitFor()
  await alex.page.getByRole('link', { name: 'Songs' }).click()
  await find(alex.page, before)
  // A notice goes by itself after five seconds: the wait begins before.
  await Promise.all([alex.page.getByText('Sarah added a song').waitFor(), addSong(sarah.page, before)])
  await titleButton(alex.page, before).waitFor()

  await find(alex.page, after)
  await retitle(sarah.page, before, after)
  await titleButton(alex.page, after).waitFor()
  expect(await titleButton(alex.page, before).count()).toBe(0)
  await find(sarah.page, after)
  await isSynced(sarah.page, after)
})

test('Olga, who is in another band, sees nothing of it', async ({ signIn }) => {
  const olga = await signIn('olga', { path: SONGS })
  await olga.page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
  expect(await olga.page.getByRole('row').count()).toBe(0)
  await olga.page.getByRole('button', { name: /Switch band/ }).click()
  await olga.page.getByRole('menuitemcheckbox', { name: 'Paper Lions' }).waitFor()
  expect(await olga.page.getByRole('menuitemcheckbox', { name: 'The Night Shift' }).count()).toBe(0)
})

test('Noah, removed, loses the band at once while a request of his is held open', async ({ signIn }) => {
  const name = title('Side project')
  const band = await bandOf(name, { sarah: 'owner', noah: 'collaborator' })
  const [sarah, noah] = await Promise.all([
    signIn('sarah', { path: `/bands/${band}/members` }),
    signIn('noah', { path: `/bands/${band}/songs` }),
  ])
  // What he may no longer read is refused, which the browser reports.
  noah.expectError(/status of 403/)
  const song = title('Secret')
  await addSong(noah.page, song)
  await isSynced(noah.page, song)
  await isConnected(noah.page)

  await sarah.page.getByRole('button', { name: 'Actions for Noah' }).click()
  await sarah.page.getByRole('menuitem', { name: /Remove from band/ }).click()
  await sarah.page.getByRole('button', { name: 'Remove Noah' }).click()

  await noah.page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
  expect(await titleButton(noah.page, song).count()).toBe(0)
  await sarah.page.goto(`/bands/${band}/songs`)
  await retitle(sarah.page, song, `${song} again`)
  await isSynced(sarah.page, `${song} again`)
  await noah.page.reload()
  await noah.page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
  const answer = await noah.context.request.get(`/api/shapes/songs?scope=${band}&offset=-1`)
  expect(answer.status()).toBe(403)
})

test('R-TEST-15 three songs added offline are pending, survive a reload, and reach the others once online', async ({
  signIn,
}) => {
  const [sarah, alex] = await Promise.all([signInAndInstall(signIn, 'sarah'), signIn('alex', { path: SONGS })])
  const word = title('Offline')
  await sarah.goOffline()
  for (const song of [1, 2, 3]) await addSong(sarah.page, `${word} ${song}`)
  await find(sarah.page, word)
  await sarah.page.getByRole('status').getByText('3 pending').waitFor()
  await rowOf(sarah.page, `${word} 1`).getByText('Waiting for a connection').waitFor()

  await sarah.page.reload()
  await sarah.page.getByRole('status').getByText('3 pending').waitFor()
  await sarah.page.getByRole('link', { name: 'Sync' }).click()
  const waiting = sarah.page.getByRole('list', { name: 'Waiting to be sent' })
  await waiting.getByText(`Add the song “${word} 2”`).waitFor()

  await sarah.goOnline()
  await sarah.page.getByText('Nothing waits').waitFor()
  await find(alex.page, word)
  for (const song of [1, 2, 3]) await titleButton(alex.page, `${word} ${song}`).waitFor()
  await sarah.page.getByRole('link', { name: 'Songs' }).click()
  await find(sarah.page, word)
  for (const song of [1, 2, 3]) await isSynced(sarah.page, `${word} ${song}`)
})

test('R-TEST-16 two titles at once: both people see both versions, one is chosen, both end on it', async ({
  signIn,
}) => {
  const { sarah, alex, song } = await bothRetitle(signIn, 'Disputed')

  const settle = { name: new RegExp(`Settle the conflict about ${song}`) }
  await alex.page.getByRole('button', settle).waitFor()
  await sarah.page.getByRole('button', settle).click()
  const dialog = sarah.page.getByRole('dialog')
  await dialog.getByRole('region', { name: 'Yours' }).getByText(`${song} A`).waitFor()
  await dialog.getByRole('region', { name: 'Alex’s' }).getByText(`${song} B`).waitFor()
  await dialog.getByRole('button', { name: 'Keep Alex’s' }).click()
  for (const { page } of [sarah, alex]) {
    await titleButton(page, `${song} B`).waitFor()
    await page.getByRole('button', settle).waitFor({ state: 'detached' })
  }
})

test('a deleted song is gone for everyone, and Undo brings it back', async ({ signIn }) => {
  const { sarah, alex, song } = await bothSeeASong(signIn, 'Regretted')
  await deleteSong(sarah.page, song)
  await titleButton(alex.page, song).waitFor({ state: 'detached' })
  await undoButton(sarah.page).click()
  await titleButton(alex.page, song).waitFor()
  await isSynced(sarah.page, song)
})

test('whoever has a song open is told who changed which field, and their text stays', async ({ signIn }) => {
  const { sarah, alex, song } = await bothSeeASong(signIn, 'Shared')
  await alex.page.getByRole('button', { name: `Actions for ${song}` }).click()
  await alex.page.getByRole('menuitem', { name: /Edit details/ }).click()
  const notes = alex.page.getByRole('textbox', { name: 'Notes' })
  await notes.fill('half a thought')
  await retitle(sarah.page, song, `${song} v2`)
  const notice = alex.page.getByRole('dialog').getByText(/Sarah changed the title/)
  await notice.waitFor()
  expect(await alex.page.getByRole('textbox', { name: 'Title' }).inputValue()).toBe(song)
  expect(await notes.inputValue()).toBe('half a thought')
  await alex.page.getByRole('button', { name: 'Use theirs' }).click()
  expect(await alex.page.getByRole('textbox', { name: 'Title' }).inputValue()).toBe(`${song} v2`)
})

test('a viewer reads every song and is offered nothing to change', async ({ signIn }) => {
  const { page } = await signIn('mia', { path: SONGS })
  await page.getByRole('row').nth(1).waitFor()
  expect(await page.getByRole('button', { name: 'Add song' }).count()).toBe(0)
  expect(await page.getByRole('button', { name: /^Title:/ }).count()).toBe(0)
})
