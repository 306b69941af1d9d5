import { expect, inject } from 'vitest'
import { asOwner } from '@/scripts/test/as-owner'
import { test, type Person } from '@/scripts/test/browser'
import { bothRetitle, bothSeeASong, deleteSong, find, gate, retitle, titleButton, whileAway } from './songs-page'

// What two people's changes ask, and what becomes of the answer, on both screens.

const openQuestion = async ({ page }: Person, song: string) => {
  await page.getByRole('button', { name: new RegExp(`Settle the conflict about ${song}`) }).click()
  return page.getByRole('dialog')
}

/** Whether the server has heard of the deletion. */
async function isDeleted(song: string): Promise<boolean> {
  const db = { ownerUrl: inject('appOwnerUrl') }
  const [row] = await asOwner<{ is_deleted: boolean }>(
    db,
    `select deleted_at is not null as is_deleted from songs where title = $1`,
    [song],
  )
  return row?.is_deleted ?? false
}

test('two people decide one conflict at the same moment: one decision stands, both screens end on it, and the other person is told', async ({
  signIn,
}) => {
  const { sarah, alex, song } = await bothRetitle(signIn, 'Both decide')
  const [hers, his] = await Promise.all([openQuestion(sarah, song), openQuestion(alex, song)])
  await Promise.all([
    hers.getByRole('region', { name: 'Yours' }).getByText(`${song} A`).waitFor(),
    his.getByRole('region', { name: 'Yours' }).getByText(`${song} B`).waitFor(),
  ])
  // Both answers are made before either person can hear of the other's.
  const bothMade = gate()
  let made = 0
  for (const { context } of [sarah, alex]) {
    await context.route('**/api/writes', async (route) => {
      if (++made === 2) bothMade.open()
      await bothMade.opened
      await route.continue()
    })
  }
  const refusal = (person: Person) => person.page.getByText('Not saved: Settle the title of a song')
  // A notice goes by itself after five seconds: the wait begins before.
  await Promise.all([
    Promise.race([refusal(sarah).waitFor(), refusal(alex).waitFor()]),
    hers.getByRole('button', { name: 'Keep mine' }).click(),
    his.getByRole('button', { name: 'Keep mine' }).click(),
  ])
  const isSarahLate = (await refusal(sarah).count()) > 0
  const [late, first] = isSarahLate ? [sarah, alex] : [alex, sarah]
  const [stands, gone] = isSarahLate ? [`${song} B`, `${song} A`] : [`${song} A`, `${song} B`]
  expect(await refusal(first).count()).toBe(0)
  for (const { page } of [sarah, alex]) {
    await titleButton(page, stands).waitFor()
    expect(await titleButton(page, gone).count()).toBe(0)
    await page.getByRole('button', { name: /Settle the conflict about/ }).waitFor({ state: 'detached' })
  }
  await late.page.getByRole('link', { name: 'Sync' }).first().click()
  await late.page.getByText('Somebody settled this before you').first().waitFor()
  await late.page
    .getByRole('list', { name: 'Refused' })
    .getByRole('button', { name: /Discard/ })
    .click()
  await late.page.getByRole('button', { name: 'Discard change' }).click()
  await late.page.getByRole('list', { name: 'Refused' }).waitFor({ state: 'detached' })
})

for (const choice of [
  { name: 'restored with the edit', button: 'Restore with the change', isKept: true },
  { name: 'let go', button: 'Let it go', isKept: false },
]) {
  test(`a song that one deletes while another edits it is asked about, and ${choice.name} for both`, async ({
    signIn,
  }) => {
    const { sarah, alex, song } = await bothSeeASong(signIn, 'Deleted')
    await whileAway(
      alex,
      () => retitle(alex.page, song, `${song} edited`),
      async () => {
        await deleteSong(sarah.page, song)
        await expect.poll(() => isDeleted(song)).toBe(true)
      },
    )
    // The row is gone from the list; the question waits in the sync centre of both.
    await titleButton(alex.page, `${song} edited`).waitFor({ state: 'detached' })
    for (const { page } of [sarah, alex]) {
      await page.getByRole('link', { name: 'Sync' }).first().click()
      await page.getByText('changed by one, deleted by another').first().waitFor()
    }
    await sarah.page
      .getByRole('button', { name: /^Settle/ })
      .last()
      .click()
    const dialog = sarah.page.getByRole('dialog')
    await dialog.getByText(`title: ${song} edited`).waitFor()
    await dialog.getByRole('region', { name: 'You deleted it' }).waitFor()
    await dialog.getByRole('button', { name: choice.button }).click()
    for (const { page } of [sarah, alex]) {
      await page.getByText('changed by one, deleted by another').waitFor({ state: 'detached' })
      await page.getByRole('link', { name: 'Songs' }).first().click()
      await find(page, song)
      if (choice.isKept) await titleButton(page, `${song} edited`).waitFor()
      else await page.getByText('No song matches').waitFor()
    }
  })
}
