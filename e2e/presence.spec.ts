import type { Page } from 'playwright-core'
import { NIGHT_SHIFT } from '@/db/sample-ids'
import { test } from '@/scripts/test/browser'

const SONGS = `/bands/${NIGHT_SHIFT}/songs`
const MEMBERS = `/bands/${NIGHT_SHIFT}/members`

const avatarOf = (page: Page, name: RegExp) =>
  page.getByRole('list', { name: 'Here now' }).getByRole('listitem').filter({ hasText: name })

test('Sarah and Alex see each other and who is on the same page; Alex is gone when he closes', async ({ signIn }) => {
  const [sarah, alex] = await Promise.all([signIn('sarah', { path: SONGS }), signIn('alex', { path: SONGS })])
  await avatarOf(sarah.page, /Alex.*on this page/).waitFor()
  await avatarOf(alex.page, /Sarah.*on this page/).waitFor()

  await alex.page.getByRole('link', { name: 'Members' }).first().click()
  await alex.page.waitForURL(`**${MEMBERS}`)
  await avatarOf(sarah.page, /Alex(?!.*on this page)/).waitFor()

  await alex.page.close()
  await avatarOf(sarah.page, /Alex/).waitFor({ state: 'detached' })
})

test('a second tab shows who is here too, and closing it leaves the first one here', async ({ signIn }) => {
  const [sarah, alex] = await Promise.all([signIn('sarah', { path: SONGS }), signIn('alex', { path: SONGS })])
  await avatarOf(sarah.page, /Alex.*on this page/).waitFor()
  const second = await alex.context.newPage()
  await second.goto(MEMBERS)
  await avatarOf(second, /Sarah/).waitFor()
  await avatarOf(sarah.page, /Alex(?!.*on this page)/).waitFor()
  await second.close()
  await avatarOf(sarah.page, /Alex.*on this page/).waitFor()
})
