import type { Request } from 'playwright-core'
import { expect, inject } from 'vitest'
import { test as base } from '@/scripts/test/browser'
import { startStack, type Stack } from '@/scripts/test/stack'
import { addSong, find, isConnected, isSynced, retitle, SONGS, titleButton, uniqueTitle } from './songs-page'

// An installation that was told not to hold streams open (ENABLE_REALTIME=false).

const test = base.extend<{ app: Stack }>({
  app: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads a fixture's needs from this pattern
    async ({}, use) => {
      await using stack = await startStack({
        superuserUrl: inject('postgresUrl'),
        settings: { ENABLE_REALTIME: 'false', SYNC_INTERVAL: '500' },
      })
      await use(stack)
    },
    { scope: 'file' },
  ],
})

/** How long a request to the live door may be held open; undefined for any other request. */
function holdOf(request: Request): unknown {
  if (new URL(request.url()).pathname !== '/api/shapes/live') return undefined
  return (JSON.parse(request.postData() ?? '{}') as { hold?: unknown }).hold ?? 'stream'
}

test('without realtime everything still arrives, by asking again and again, and no request is held open', async ({
  app,
  signIn,
}) => {
  const [sarah, alex] = await Promise.all([signIn('sarah', { path: SONGS, app }), signIn('alex', { path: SONGS, app })])
  await Promise.all([isConnected(sarah.page), isConnected(alex.page)])
  // How changes are to be followed is learnt with the first answer.
  await alex.page.waitForRequest((request) => holdOf(request) === 0)
  const holds: unknown[] = []
  alex.context.on('request', (request) => {
    const hold = holdOf(request)
    if (hold !== undefined) holds.push(hold)
  })
  const song = uniqueTitle('Polled')
  await addSong(sarah.page, song)
  await isSynced(sarah.page, song)
  await find(alex.page, song)
  await titleButton(alex.page, song).waitFor()
  await retitle(alex.page, song, `${song} again`)
  await isSynced(alex.page, `${song} again`)
  await titleButton(sarah.page, `${song} again`).waitFor()
  expect(holds.length).toBeGreaterThan(0)
  expect(holds.every((hold) => hold === 0)).toBe(true)
})
