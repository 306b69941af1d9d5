import { setTimeout } from 'node:timers/promises'
import type { BrowserContext, Page } from 'playwright-core'
import { NIGHT_SHIFT, SAMPLE_USERS } from '@/db/sample-ids'
import { asOwner } from '@/scripts/test/as-owner'
import { launchChromium } from '@/scripts/test/chromium'
import type { Stack } from '@/scripts/test/stack'

/** The songs page of the production build in Chromium, with so many songs in the browser's cache, reloaded again and again. */
export interface ScreenfulOptions {
  stack: Stack
  rows: number
  reloads: number
  cookieOf: (userId: string) => Promise<string>
}

/** All in milliseconds by the page's own clock, the median of all reloads. */
export interface Screenful {
  /** From opening the database to the frame that shows songs down to the page's end. */
  paintedMs: number
  /** From opening the database until the list holds all songs. */
  allMs: number
  /** From opening a database that holds the same rows as records, in the same page, until one `getAll` has brought them. */
  bareMs: number
}

const READER = SAMPLE_USERS.sarah

export async function firstScreenful({ stack, rows, reloads, cookieOf }: ScreenfulOptions): Promise<Screenful> {
  await addSongs(stack, rows)
  const browser = await launchChromium()
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    const [name = '', value = ''] = (await cookieOf(READER.id)).split(/=(.*)/)
    await context.addCookies([{ name, value, url: stack.url }])
    const page = await openCached(context, stack.url, rows)
    const samples: Screenful[] = []
    for (let reload = 0; reload < reloads; reload++) samples.push(await reloaded(page, rows))
    return {
      paintedMs: median(samples.map(({ paintedMs }) => paintedMs)),
      allMs: median(samples.map(({ allMs }) => allMs)),
      bareMs: median(samples.map(({ bareMs }) => bareMs)),
    }
  } finally {
    await browser.close()
  }
}

/** Fills the band up to so many songs, each with what songs usually have. */
async function addSongs({ database }: Stack, rows: number): Promise<void> {
  await asOwner(
    database,
    `INSERT INTO songs (id, band_id, title, artist, key, tempo_bpm, duration_ms, status, tags, notes)
     SELECT gen_random_uuid(), $1, 'Song ' || n, 'Artist ' || n % 100, 'Em', 90 + n % 60, 180000 + n, 'ready', '{loud}', 'Bench'
     FROM generate_series(1, $2 - (SELECT count(*) FROM songs WHERE band_id = $1 AND deleted_at IS NULL)) AS n`,
    [NIGHT_SHIFT, rows],
  )
}

/** The page after everything of it is kept in the browser: songs, and the files it is made of. */
async function openCached(context: BrowserContext, url: string, rows: number): Promise<Page> {
  const page = await context.newPage()
  await page.addInitScript(watchForSongs, rows)
  await page.goto(`${url}/bands/${NIGHT_SHIFT}/songs`)
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  await page.getByRole('status').getByText('Connected').first().waitFor()
  await page.locator(`table[aria-rowcount="${rows + 1}"]`).waitFor()
  while (!(await page.evaluate(cachedSongs, [READER.id, rows] as const))) await setTimeout(100)
  return page
}

async function reloaded(page: Page, rows: number): Promise<Screenful> {
  await page.reload()
  const seen = await page.waitForFunction(() => {
    const { openedAt, allAt, paintedAt } = window.songsSeen ?? {}
    if (openedAt === undefined || allAt === undefined || paintedAt === undefined) return null
    return { paintedMs: paintedAt - openedAt, allMs: allAt - openedAt }
  })
  const times = await seen.jsonValue()
  // What a page does when it begins would be part of the bare reading too.
  await page.getByRole('status').getByText('Connected').first().waitFor()
  const bareMs = await page.evaluate(bareGetAll, rows)
  if (!times) throw new Error('the page did not show its songs')
  return { ...times, bareMs }
}

declare global {
  interface Window {
    /** By the page's clock: when its database was opened, held by the list and painted. */
    songsSeen?: { openedAt?: number; allAt?: number; paintedAt?: number }
  }
}

/** Runs in the page before its own scripts: notes when the database is opened, and when the songs stand. The build is as people get it. */
function watchForSongs(rows: number): void {
  const seen: NonNullable<Window['songsSeen']> = {}
  window.songsSeen = seen
  const open = indexedDB.open.bind(indexedDB)
  IDBFactory.prototype.open = (name, version) => {
    if (name.startsWith('backline-')) seen.openedAt ??= performance.now()
    return open(name, version)
  }
  const watching = new MutationObserver(() => {
    const list = document.querySelector('table[aria-rowcount]')
    if (list?.getAttribute('aria-rowcount') === String(rows + 1)) seen.allAt ??= performance.now()
    const drawn = [...document.querySelectorAll('[data-entity="songs"]')]
    const isFull = drawn.some((row) => row.getBoundingClientRect().bottom >= innerHeight)
    if (!isFull || seen.allAt === undefined) return
    watching.disconnect()
    // The first task after the frame that shows them: it has been handed to the screen.
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => (seen.paintedAt = performance.now())
      port2.postMessage(null)
    })
  })
  watching.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['aria-rowcount'] })
}

/** Runs in the page: whether the cache holds all songs of the page's band, complete; then they are also laid out one record each, for `bareGetAll`. */
async function cachedSongs([userId, rows]: readonly [string, number]): Promise<boolean> {
  const settled = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error ?? new Error('the request failed'))
    })
  const database = await settled(indexedDB.open(`backline-${userId}`))
  const shape = `songs/${location.pathname.split('/')[2]}`
  const known = await settled(database.transaction('shapes').objectStore('shapes').get(shape))
  const range = IDBKeyRange.bound([shape], [shape, []])
  const segments = await settled(database.transaction('segments').objectStore('segments').getAll(range))
  database.close()
  const songs = new Map(segments.flatMap((segment: string) => JSON.parse(segment) as [string, object | null][]))
  if (songs.size < rows || known?.isComplete !== true) return false
  const opening = indexedDB.open('bare', 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore('rows')
  const bare = await settled(opening)
  const writing = bare.transaction('rows', 'readwrite')
  for (const [key, song] of songs) writing.objectStore('rows').put(song, key)
  await new Promise((resolve) => (writing.oncomplete = resolve))
  bare.close()
  return true
}

/** Runs in the page: the same rows, a record each, with nothing around them, in milliseconds. */
async function bareGetAll(rows: number): Promise<number> {
  const began = performance.now()
  const opening = indexedDB.open('bare')
  await new Promise((resolve) => (opening.onsuccess = resolve))
  const reading = opening.result.transaction('rows').objectStore('rows').getAll()
  await new Promise((resolve) => (reading.onsuccess = resolve))
  const ms = performance.now() - began
  opening.result.close()
  if (reading.result.length < rows) throw new Error('not all songs were laid out')
  return ms
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}
