import type { Browser, BrowserContext, Page } from 'playwright-core'
import { test as base, inject } from 'vitest'
import { launchChromium } from './chromium'
import { type Line, lineTo } from './line'
import { linesSince } from './part-log'

/** A person with a browser profile of their own. */
export type Person = {
  context: BrowserContext
  page: Page
  /** Says that this message on the console, or this answer's status, is part of the test; everything else fails it. */
  expectError(pattern: RegExp): void
  /** Takes the network away: what is on its way breaks off, nothing begins, and the browser knows. */
  goOffline(): Promise<void>
  goOnline(): Promise<void>
}

/** What a browser says on its console when a request finds no way; what a server answers is none of it. */
export const NETWORK_TROUBLE = /net::ERR_|Failed to fetch/

export type PersonOptions = {
  viewport?: { width: number; height: number }
  path?: string
  /** Another app than the one all browser tests share. */
  app?: AppInTest
}

/** Where the app is, and the file of what it and its sync service say. */
export type AppInTest = { url: string; log: string }

export type SignIn = (name: string, options?: PersonOptions) => Promise<Person>

type Fixtures = {
  browser: Browser
  /** Opens a fresh profile, signed out, on `path` (`/` unless told). */
  visitor: (options?: PersonOptions) => Promise<Person>
  /** Signs in one of the sample people through the sign-in page: `await signIn('sarah')`. */
  signIn: SignIn
}

export const SAMPLE_PASSWORD = 'backline-demo'

/**
 * The test function of browser tests. Profiles are closed after each test; an uncaught error, a `console.error` and a failed request
 * of any page fail it. A failure tells what the pages showed and what the app and its sync service said meanwhile.
 */
export const test = base.extend<Fixtures>({
  browser: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads a fixture's needs from this pattern
    async ({}, use) => {
      const browser = await launchChromium()
      await use(browser)
      await browser.close()
    },
    { scope: 'file' },
  ],
  visitor: async ({ browser, task, onTestFinished }, use) => {
    const opened: Profile[] = []
    // Not after `use`: what a fixture throws when it is put away, vitest throws again in every later attempt of the test.
    onTestFinished(async () => {
      const problems = opened.flatMap((profile) => profile.problems())
      const isFailed = problems.length > 0 || task.result?.state === 'fail'
      const scene = isFailed && opened.length > 0 ? await sceneOf(opened) : ''
      for (const { context, line } of opened) {
        await context.close()
        await line[Symbol.asyncDispose]()
      }
      if (problems.length > 0) throw new Error(`The browser reported:\n${problems.join('\n')}\n${scene}`)
      if (isFailed) throw new Error(`What was to be seen when it failed:\n${scene}`)
    })
    await use(async (options) => {
      const person = await newProfile(browser, options)
      opened.push(person)
      await person.page.goto(options?.path ?? '/')
      return person
    })
  },
  signIn: async ({ visitor }, use) => {
    await use(async (name, { path = '/', ...options } = {}) => {
      const person = await visitor({ ...options, path: '/sign-in' })
      const { page } = person
      await page.getByLabel('Email').fill(`${name}@backline.test`)
      await page.getByLabel('Password').fill(SAMPLE_PASSWORD)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
      if (path !== '/') await page.goto(path)
      return person
    })
  },
})

type Profile = Person & { problems(): string[]; line: Line; log: string; openedAt: Date }

async function newProfile(browser: Browser, options: PersonOptions = {}): Promise<Profile> {
  const { viewport, app = { url: inject('appUrl'), log: inject('appLog') } } = options
  const openedAt = new Date()
  const line = await lineTo(app.url)
  const context = await browser.newContext({
    baseURL: line.url,
    viewport: viewport ?? { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'Europe/London',
  })
  // A limit of waiting, not of speed: half a minute is soon over on a busy machine.
  context.setDefaultTimeout(90_000)
  const messages: { at: Date; text: string }[] = []
  const note = (text: string) => void messages.push({ at: new Date(), text })
  const expected: RegExp[] = []
  const expectError = (pattern: RegExp) => void expected.push(pattern)
  context.on('weberror', (error) => note(`uncaught: ${error.error().stack ?? error.error().message}`))
  context.on('console', (message) => {
    if (message.type() === 'error') note(`console.error: ${message.text()} (${message.location().url})`)
  })
  return {
    context,
    page: await context.newPage(),
    line,
    log: app.log,
    openedAt,
    expectError,
    async goOffline() {
      expectError(NETWORK_TROUBLE)
      await context.setOffline(true)
      // The browser itself lets go on what is open already, such as the live stream.
      line.cut()
    },
    goOnline: () => context.setOffline(false),
    problems: () =>
      messages
        .filter(({ text }) => !expected.some((pattern) => pattern.test(text)))
        .map(({ at, text }) => `${at.toISOString()} ${text}`),
  }
}

const TEXT_MAX = 1000
const LINES_MAX = 60
/** A page that hangs is no reason to wait for it. */
const LOOK_MS = 5000

/** What the pages show, and what the app and the sync service said since the first of them was opened. */
async function sceneOf(profiles: readonly Profile[]): Promise<string> {
  const pages = profiles.flatMap(({ context }) => context.pages())
  const shown = await Promise.all(
    pages.map(async (page) => {
      const text = await page
        .locator('body')
        .innerText({ timeout: LOOK_MS })
        .catch(() => '(it does not answer)')
      return `--- ${page.url()}\n${text.replaceAll(/\s*\n\s*/g, ' | ').slice(0, TEXT_MAX)}`
    }),
  )
  const since = new Date(Math.min(...profiles.map(({ openedAt }) => openedAt.getTime())))
  const said = [...new Set(profiles.map(({ log }) => log))].flatMap((log) => linesSince(log, since, LINES_MAX))
  return [...shown, '--- the app and the sync service since then', ...said].join('\n')
}
