import { createServer, type Server } from 'node:http'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { afterEach, beforeEach, expect, test as base } from 'vitest'

import { launchChromium } from '@/scripts/test/chromium'

// The worker itself in a real browser, in front of a server whose builds the test makes: what `next build` cannot do twice in a test.

const WORKER = readFileSync('public/sw.js', 'utf8')

const test = base.extend<{ context: BrowserContext; page: Page }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads a fixture's needs from this pattern
  context: async ({}, use) => {
    const browser = await launchChromium()
    await use(await browser.newContext())
    await browser.close()
  },
  page: async ({ context }, use) => {
    await use(await context.newPage())
  },
})

/** What the server serves by path, and whether it answers at all. */
const site = { files: new Map<string, string>(), isDown: false, asked: [] as string[] }
let server: Server
let origin = ''

beforeEach(async () => {
  site.files.clear()
  site.isDown = false
  site.asked.length = 0
  server = createServer((request, response) => {
    const path = request.url ?? '/'
    site.asked.push(path)
    if (site.isDown) return void request.socket.destroy()
    const body = path === '/sw.js' ? WORKER : path.startsWith('/icons/') ? '-' : site.files.get(path)
    const type = path.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8'
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type, 'cache-control': 'no-store' })
    response.end(body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** Publishes a build: a shell, its script, and a screen that only the script names. */
function publish(build: string): void {
  site.files.set('/', `<title>${build}</title><script src="/_next/static/chunks/main-${build}.js"></script>`)
  site.files.set(`/_next/static/chunks/main-${build}.js`, `const screen = "static/chunks/screen-${build}.js"`)
  site.files.set(`/_next/static/chunks/screen-${build}.js`, `"the screen of ${build}"`)
  site.files.set('/manifest.webmanifest', '{}')
  site.files.set('/sign-in', '<title>sign in</title>')
  site.files.set('/api/me', '"me"')
}

async function install(page: Page): Promise<void> {
  await page.goto(origin)
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/sw.js')
    await navigator.serviceWorker.ready
  })
}

/** Asks the worker to look for a build and waits until it says that one is there. */
function newBuildFound(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready
    await new Promise<void>((found) => {
      navigator.serviceWorker.addEventListener('message', () => found(), { once: true })
      active?.postMessage({ kind: 'check-for-update' })
    })
  })
}

const cacheNames = (page: Page) => page.evaluate(() => caches.keys())
const textAt = (page: Page, path: string) => page.evaluate(async (at) => (await fetch(at)).text(), path)

test('any page of the app opens without the server, with screens that only a script names', async ({ page }) => {
  publish('one')
  await install(page)
  site.isDown = true
  await page.goto(`${origin}/bands/whatever/songs`)
  expect(await page.title()).toBe('one')
  expect(await textAt(page, '/_next/static/chunks/screen-one.js')).toContain('the screen of one')
})

test('a new build is kept whole, announced, and shown at the next opening; the former stays for open pages', async ({
  page,
}) => {
  publish('one')
  await install(page)
  publish('two')
  await newBuildFound(page)
  site.isDown = true
  expect(await textAt(page, '/_next/static/chunks/screen-one.js')).toContain('the screen of one')
  await page.reload()
  expect(await page.title()).toBe('two')
  expect(await textAt(page, '/_next/static/chunks/screen-two.js')).toContain('the screen of two')
  expect(await cacheNames(page)).toHaveLength(2)
})

test('a build that cannot be fetched whole does not count', async ({ page }) => {
  publish('one')
  await install(page)
  publish('two')
  site.files.delete('/_next/static/chunks/screen-two.js')
  await page.reload()
  await expect.poll(() => site.asked).toContain('/_next/static/chunks/screen-two.js')
  await expect.poll(() => cacheNames(page)).toHaveLength(1)
  site.isDown = true
  await page.goto(`${origin}/sync`)
  expect(await page.title()).toBe('one')
})

test('a download that a killed browser cut short does not count, and is cleared away by the next build', async ({
  page,
}) => {
  publish('one')
  await install(page)
  await page.evaluate(() => caches.open('backline-build-99999999999999-cutshort'))
  site.isDown = true
  await page.goto(`${origin}/account`)
  expect(await page.title()).toBe('one')
  site.isDown = false
  publish('two')
  await newBuildFound(page)
  expect(await cacheNames(page)).not.toContain('backline-build-99999999999999-cutshort')
})

test('a captive portal that answers for the app is not taken for it', async ({ page }) => {
  publish('one')
  await install(page)
  site.files.set('/', '<title>Welcome to the hotel</title>')
  site.asked.length = 0
  await page.goto(`${origin}/account`)
  await expect.poll(() => site.asked).toContain('/')
  site.isDown = true
  await page.goto(`${origin}/account`)
  expect(await page.title()).toBe('one')
})

test('doors and sign-in are never answered from the cache', async ({ page }) => {
  publish('one')
  await install(page)
  await page.goto(`${origin}/account`)
  site.asked.length = 0
  expect(await textAt(page, '/api/me')).toBe('"me"')
  await page.goto(`${origin}/sign-in`)
  expect(await page.title()).toBe('sign in')
  expect(site.asked).toEqual(expect.arrayContaining(['/api/me', '/sign-in']))
  site.isDown = true
  expect(
    await page.evaluate(() =>
      fetch('/api/me').then(
        () => 'answered',
        () => 'no network',
      ),
    ),
  ).toBe('no network')
})
