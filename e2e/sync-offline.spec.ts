import type { BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { test } from '@/scripts/test/browser'
import {
  addSong,
  devTools,
  find,
  hasPending,
  hasStatus,
  holdWrites,
  isConnected,
  isInstalled,
  isSynced,
  signInAndInstall,
  SONGS,
  titleButton,
  uniqueTitle,
} from './songs-page'

async function secondTab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(SONGS)
  await isConnected(page)
  return page
}

test('R-TEST-09 an edit made offline is pending, survives a killed tab and is saved once the network is back', async ({
  signIn,
}) => {
  const sarah = await signInAndInstall(signIn, 'sarah')
  await sarah.goOffline()
  const song = uniqueTitle('Killed')
  await addSong(sarah.page, song)
  await hasStatus(sarah.page, song, 'Waiting for a connection')
  // No unload handler runs: whatever survives was stored before.
  const session = await devTools(sarah.page)
  const crashed = sarah.page.waitForEvent('crash')
  // A page that crashes does not answer.
  session.send('Page.crash').catch(() => undefined)
  await crashed
  await sarah.page.close()
  const again = await sarah.context.newPage()
  await again.goto(SONGS)
  await find(again, song)
  await hasStatus(again, song, 'Waiting for a connection')
  await sarah.goOnline()
  await hasStatus(again, song, 'Synced')
})

test('two tabs show the same, and the second takes over when the first closes', async ({ signIn }) => {
  const sarah = await signInAndInstall(signIn, 'sarah')
  const other = await secondTab(sarah.context)
  const [first, second] = [uniqueTitle('From one'), uniqueTitle('From two')]
  await addSong(sarah.page, first)
  await find(other, 'From')
  await hasStatus(other, first, 'Synced')
  await sarah.page.close()
  await addSong(other, second)
  await hasStatus(other, second, 'Synced')
})

test('a frozen leader is replaced by the tab a person looks at', async ({ signIn }) => {
  const sarah = await signInAndInstall(signIn, 'sarah')
  const other = await secondTab(sarah.context)
  const session = await devTools(sarah.page)
  await session.send('Page.setWebLifecycleState', { state: 'frozen' })
  await other.bringToFront()
  const song = uniqueTitle('While frozen')
  await addSong(other, song)
  await hasStatus(other, song, 'Synced')
  await session.send('Page.setWebLifecycleState', { state: 'active' })
  await sarah.page.bringToFront()
  await find(sarah.page, song)
  await hasStatus(sarah.page, song, 'Synced')
})

test('a page that slept shows what happened meanwhile, and sends what it held', async ({ signIn }) => {
  const [sarah, alex] = await Promise.all([signInAndInstall(signIn, 'sarah'), signIn('alex', { path: SONGS })])
  const word = uniqueTitle('Asleep')
  const letThrough = await holdWrites(sarah)
  await addSong(sarah.page, `${word} held`)
  await hasPending(sarah.page, 1)
  const session = await devTools(sarah.page)
  await session.send('Page.setWebLifecycleState', { state: 'frozen' })
  await letThrough()
  await addSong(alex.page, `${word} meanwhile`)
  await isSynced(alex.page, `${word} meanwhile`)
  await session.send('Page.setWebLifecycleState', { state: 'active' })
  await find(sarah.page, word)
  await isSynced(sarah.page, `${word} held`)
  await titleButton(sarah.page, `${word} meanwhile`).waitFor()
  await find(alex.page, word)
  await titleButton(alex.page, `${word} held`).waitFor()
})

test('a captive portal that answers everything is no verdict: writes wait and go out when it lets us through', async ({
  signIn,
}) => {
  const sarah = await signInAndInstall(signIn, 'sarah')
  await sarah.context.route('**/api/**', (route) =>
    route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>Welcome to Hotel Wifi</h1>' }),
  )
  await sarah.page.reload()
  const song = uniqueTitle('Portal')
  await addSong(sarah.page, song)
  await hasPending(sarah.page, 1)
  await sarah.context.unroute('**/api/**')
  await hasStatus(sarah.page, song, 'Synced')
})

test('a session that ends keeps the writes, and they go out after signing in again', async ({ signIn }) => {
  const sarah = await signIn('sarah', { path: SONGS })
  sarah.expectError(/status of 401/)
  await isInstalled(sarah)
  const cookies = await sarah.context.cookies()
  await sarah.context.clearCookies()
  const song = uniqueTitle('Signed out')
  await addSong(sarah.page, song)
  await sarah.page.getByRole('status').getByText('Signed out').first().waitFor()
  await hasPending(sarah.page, 1)
  await sarah.context.addCookies(cookies)
  await sarah.page.reload()
  await find(sarah.page, song)
  await hasStatus(sarah.page, song, 'Synced')
})

test('all shapes of a page share one connection, and a write still passes', async ({ signIn }) => {
  const sarah = await signIn('sarah', { path: '/' })
  const open = new Set<string>()
  const live: string[] = []
  sarah.page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/api/shapes/live') live.push(request.postData() ?? '')
    if (new URL(request.url()).searchParams.get('live') === 'true') open.add(request.url())
  })
  await sarah.page.goto(SONGS)
  await isInstalled(sarah)
  const song = uniqueTitle('One connection')
  await addSong(sarah.page, song)
  await hasStatus(sarah.page, song, 'Synced')
  const shapeCounts = () => live.map((body) => (JSON.parse(body) as { shapes: unknown[] }).shapes.length)
  await expect.poll(() => Math.max(...shapeCounts())).toBeGreaterThanOrEqual(12)
  expect([...open]).toEqual([])
})
