import type { BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { test, type Person } from '@/scripts/test/browser'
import {
  addSong,
  find,
  hasPending,
  hasStatus,
  isConnected,
  isInstalled,
  isSynced,
  SONGS,
  titleButton,
  uniqueTitle,
} from './songs-page'

// A browser that has no room, or keeps nothing at all: everything works, it is said, and what was acknowledged stays.

/**
 * Gives the browser a disk that `fillDisk` fills: reading and deleting go on, a transaction that put something fails at its end, as in
 * Chrome without room. (IndexedDB of today's Chromium does not heed the protocol's `Storage.overrideQuotaForOrigin`.)
 */
async function onSmallDisk({ context, page }: Person): Promise<void> {
  await context.addInitScript((isFull) => {
    const pending = new WeakMap<IDBTransaction, number>()
    // oxlint-disable-next-line typescript/unbound-method -- called with their store below
    const { put, delete: remove } = IDBObjectStore.prototype
    const watched = <T>(request: IDBRequest<T>, transaction: IDBTransaction) => {
      if (localStorage.getItem(isFull) === null) return request
      pending.set(transaction, (pending.get(transaction) ?? 0) + 1)
      request.addEventListener('success', () => {
        const left = (pending.get(transaction) ?? 1) - 1
        pending.set(transaction, left)
        if (left > 0 || !('error' in transaction && Object.hasOwn(transaction, 'error'))) return
        transaction.abort()
      })
      return request
    }
    IDBObjectStore.prototype.put = function (...args) {
      const error = new DOMException('The disk is full.', 'QuotaExceededError')
      if (localStorage.getItem(isFull) !== null) {
        Object.defineProperty(this.transaction, 'error', { configurable: true, get: () => error })
      }
      return watched(put.apply(this, args), this.transaction)
    }
    IDBObjectStore.prototype.delete = function (query) {
      return watched(remove.call(this, query), this.transaction)
    }
  }, IS_FULL)
  await page.goto(SONGS)
}

const IS_FULL = 'test-disk-is-full'
const fillDisk = (page: Page) => page.evaluate((isFull) => localStorage.setItem(isFull, 'yes'), IS_FULL)
const freeDisk = (page: Page) => page.evaluate((isFull) => localStorage.removeItem(isFull), IS_FULL)

const noRoom = (page: Page) => page.getByText(/There is no room left on this device/).first()
const keepsNothing = (page: Page) => page.getByText(/This browser stores nothing for Backline/).first()

test('on a full disk what was stored before is there, and what cannot be stored is said to be at risk', async ({
  signIn,
}) => {
  const sarah = await signIn('sarah')
  const { page } = sarah
  await onSmallDisk(sarah)
  await isInstalled(sarah)
  await sarah.goOffline()
  const word = uniqueTitle('Room')
  const [stored, unstored] = [`${word} stored`, `${word} unstored`]
  await addSong(page, stored)
  await hasStatus(page, stored, 'Waiting for a connection')

  await fillDisk(page)
  await addSong(page, unstored)
  await noRoom(page).waitFor()
  await page.reload()
  await find(page, word)
  expect(await titleButton(page, unstored).count()).toBe(0)
  await hasStatus(page, stored, 'Waiting for a connection')
  await addSong(page, unstored)
  await noRoom(page).waitFor()
  await hasPending(page, 2)
  await page.getByRole('link', { name: 'Sync' }).first().click()
  const waiting = page.getByRole('list', { name: 'Waiting to be sent' })
  await waiting.getByText('It is stored on this device.').waitFor()
  await waiting.getByText('It is not stored on this device: keep this window open').waitFor()

  await sarah.goOnline()
  await page.getByText('Nothing waits').waitFor()
  await page.getByRole('link', { name: 'Songs' }).first().click()
  await find(page, word)
  for (const song of [stored, unstored]) await isSynced(page, song)
})

test('what a full disk has no room for is sent all the same, others’ work goes on arriving, and with room all is kept again', async ({
  signIn,
}) => {
  const [sarah, alex] = await Promise.all([signIn('sarah'), signIn('alex', { path: SONGS })])
  const { page } = sarah
  await onSmallDisk(sarah)
  await isInstalled(sarah)
  await fillDisk(page)
  await sarah.goOffline()
  const word = uniqueTitle('Room')
  const [unstored, later, kept] = [`${word} unstored`, `${word} later`, `${word} kept`]
  await addSong(page, unstored)
  await noRoom(page).waitFor()
  await sarah.goOnline()
  await isSynced(page, unstored)
  await find(alex.page, word)
  await titleButton(alex.page, unstored).waitFor()
  await addSong(alex.page, later)
  await find(page, word)
  await titleButton(page, later).waitFor()

  await freeDisk(page)
  await sarah.goOffline()
  await addSong(page, kept)
  await noRoom(page).waitFor({ state: 'detached' })
  await page.reload()
  await find(page, kept)
  await hasStatus(page, kept, 'Waiting for a connection')
  await sarah.goOnline()
  await find(page, word)
  for (const song of [unstored, kept]) await isSynced(page, song)
  await titleButton(page, later).waitFor()
})

const WITHOUT_STORAGE: readonly [what: string, takeAway: (context: BrowserContext) => Promise<unknown>][] = [
  [
    'has no IndexedDB',
    (context) =>
      context.addInitScript(() =>
        Object.defineProperty(globalThis, 'indexedDB', { get: () => undefined, set: () => {} }),
      ),
  ],
  [
    'refuses to open it',
    (context) =>
      context.addInitScript(() => {
        IDBFactory.prototype.open = () => {
          throw new DOMException(
            'A mutation operation was attempted on a database that did not allow it.',
            'InvalidStateError',
          )
        }
      }),
  ],
]

for (const [what, takeAway] of WITHOUT_STORAGE) {
  test(`in a browser that ${what} two tabs work, and each says that unsent changes will not survive`, async ({
    signIn,
  }) => {
    const sarah = await signIn('sarah')
    const { context, page } = sarah
    await takeAway(context)
    await page.goto(SONGS)
    await isConnected(page)
    await keepsNothing(page).waitFor()
    const word = uniqueTitle('Nowhere')
    await addSong(page, `${word} 1`)
    await isSynced(page, `${word} 1`)

    const second = await context.newPage()
    await second.goto(SONGS)
    await keepsNothing(second).waitFor()
    await addSong(second, `${word} 2`)
    await isSynced(second, `${word} 2`)
    for (const tab of [page, second]) {
      await find(tab, word)
      for (const song of [1, 2]) await titleButton(tab, `${word} ${song}`).waitFor()
    }

    await sarah.goOffline()
    await addSong(page, `${word} 3`)
    await hasPending(page, 1)
    await sarah.goOnline()
    await isSynced(page, `${word} 3`)
    await find(second, word)
    await titleButton(second, `${word} 3`).waitFor()
  })
}
