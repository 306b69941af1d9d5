import type { Page } from 'playwright-core'
import { beforeEach, expect, inject } from 'vitest'
import { NIGHT_SHIFT, SAMPLE_USERS } from '@/db/sample-ids'
import { asOwner } from '@/scripts/test/as-owner'
import { test } from '@/scripts/test/browser'
import { sarahAndAlex, titleButton } from './songs-page'

const MEMBERS = `/bands/${NIGHT_SHIFT}/members`

const avatarOf = (page: Page, name: RegExp) =>
  page.getByRole('list', { name: 'Here now' }).getByRole('listitem').filter({ hasText: name })

// A browser that an earlier test cut off would be here for 45 s more.
beforeEach(async () => {
  await asOwner({ ownerUrl: inject('appOwnerUrl') }, 'delete from presence')
})

/** As a person closes a tab: the page hears of it and says goodbye. Cut off, it would be missed only after 45 s. */
const close = (page: Page) => page.close({ runBeforeUnload: true })

test('Sarah and Alex see each other and who is on the same page; Alex is gone when he closes', async ({ signIn }) => {
  const [sarah, alex] = await sarahAndAlex(signIn)
  await avatarOf(sarah.page, /Alex.*on this page/).waitFor()
  await avatarOf(alex.page, /Sarah.*on this page/).waitFor()

  await alex.page.getByRole('link', { name: 'Members' }).first().click()
  await alex.page.waitForURL(`**${MEMBERS}`)
  await avatarOf(sarah.page, /Alex(?!.*on this page)/).waitFor()

  await close(alex.page)
  await avatarOf(sarah.page, /Alex/).waitFor({ state: 'detached' })
})

test('who signs out is gone for the others at once, other tabs or not', async ({ signIn }) => {
  const [sarah, alex] = await sarahAndAlex(signIn)
  await avatarOf(sarah.page, /Alex.*on this page/).waitFor()
  const second = await alex.context.newPage()
  await second.goto('/account')
  await avatarOf(second, /Sarah/).waitFor()
  await second.getByRole('button', { name: 'Sign out', exact: true }).click()
  await second.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
  await second.waitForURL((url) => url.pathname === '/sign-in')
  const here = await asOwner({ ownerUrl: inject('appOwnerUrl') }, `select id from presence where user_id = $1`, [
    SAMPLE_USERS.alex.id,
  ])
  expect(here).toEqual([])
  await avatarOf(sarah.page, /Alex/).waitFor({ state: 'detached' })
})

test('who has a song open for editing is shown at its row, until they leave it', async ({ signIn }) => {
  const [sarah, alex] = await sarahAndAlex(signIn)
  const row = sarah.page.getByRole('row').filter({ has: titleButton(sarah.page, 'Creep') })
  const isEditing = row.getByText('Alex is editing')
  await titleButton(alex.page, 'Creep').click()
  await isEditing.waitFor()
  await alex.page.keyboard.press('Escape')
  await isEditing.waitFor({ state: 'detached' })
  await alex.page.getByRole('button', { name: 'Actions for Creep' }).click()
  await alex.page.getByRole('menuitem', { name: /Edit details/ }).click()
  await isEditing.waitFor()
  await alex.page.getByRole('button', { name: 'Done' }).click()
  await isEditing.waitFor({ state: 'detached' })
})

test('a second tab shows who is here too, and closing it leaves the first one here', async ({ signIn }) => {
  const [sarah, alex] = await sarahAndAlex(signIn)
  await avatarOf(sarah.page, /Alex.*on this page/).waitFor()
  const second = await alex.context.newPage()
  await second.goto(MEMBERS)
  await avatarOf(second, /Sarah/).waitFor()
  await avatarOf(sarah.page, /Alex(?!.*on this page)/).waitFor()
  await close(second)
  await avatarOf(sarah.page, /Alex.*on this page/).waitFor()
})
