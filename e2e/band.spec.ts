import { randomUUID } from 'node:crypto'
import { test } from '@/scripts/test/browser'
import { addSong, isConnected, isSynced, titleButton } from './songs-page'

test('a band is renamed and deleted by its only owner, and comes back whole when that is undone', async ({
  visitor,
}) => {
  const person = await visitor({ path: '/sign-up', viewport: { width: 360, height: 800 } })
  const { page } = person
  // What was on its way to the band's doors when it went.
  person.expectError(/status of 403/)
  await page.getByLabel('Name').fill('Ida')
  await page.getByLabel('Email').fill(`e2e-${randomUUID()}@example.com`)
  await page.getByLabel('Password').fill('several good words')
  await page.getByRole('button', { name: 'Open account' }).click()
  await page.getByRole('button', { name: 'New band' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('The Misspelt')
  await page.getByRole('button', { name: 'Create band' }).click()
  await addSong(page, 'Our only song')
  await isSynced(page, 'Our only song')

  await page.getByRole('link', { name: 'Members' }).click()
  await page.getByText('Owner, the only one').waitFor()
  await page.getByRole('button', { name: 'Name of the band: The Misspelt. Edit' }).click()
  await page.getByRole('textbox', { name: 'Name of the band' }).fill('The Well Spelt')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Band: The Well Spelt. Switch band' }).waitFor()

  await page.getByRole('button', { name: 'Delete this band…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete band' }).click()
  await page.getByRole('heading', { name: 'You are in no band yet' }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('list', { name: 'My bands' }).getByRole('link', { name: 'The Well Spelt' }).click()
  await titleButton(page, 'Our only song').waitFor()
})

test('a tab that was told it is signed out goes on once another one has signed in', async ({ signIn }) => {
  const person = await signIn('olga', { path: '/account' })
  const { page, context } = person
  person.expectError(/status of 401/)
  await isConnected(page)
  const other = await context.newPage()
  await other.goto('/sync')
  await isConnected(other)
  const elsewhere = await signIn('olga')
  await elsewhere.context.request.post('/api/auth/sign-out-everywhere', { data: {} })
  elsewhere.expectError(/status of 401/)
  const notice = page.getByText('You are signed out.')
  await notice.waitFor()
  await other.getByText('You are signed out.').waitFor()

  await other.getByRole('link', { name: 'Sign in' }).click()
  await other.getByLabel('Email').fill('olga@backline.test')
  await other.getByLabel('Password').fill('backline-demo')
  await other.getByRole('button', { name: 'Sign in', exact: true }).click()
  await notice.waitFor({ state: 'detached' })
  await isConnected(page)
})
