import type { Browser, BrowserContext, Page } from 'playwright-core'
import { test as base, inject } from 'vitest'
import { launchChromium } from './chromium'

/** A person with a browser profile of their own. */
export type Person = {
  context: BrowserContext
  page: Page
  /** Says that this message on the console, or this answer's status, is part of the test; everything else fails it. */
  expectError(pattern: RegExp): void
}

export type PersonOptions = {
  viewport?: { width: number; height: number }
  path?: string
  /** Another app than the one all browser tests share. */
  appUrl?: string
}

type Fixtures = {
  browser: Browser
  /** Opens a fresh profile, signed out, on `path` (`/` unless told). */
  visitor: (options?: PersonOptions) => Promise<Person>
  /** Signs in one of the sample people through the sign-in page: `await signIn('sarah')`. */
  signIn: (name: string, options?: PersonOptions) => Promise<Person>
}

export const SAMPLE_PASSWORD = 'backline-demo'

/**
 * The test function of browser tests. Profiles are closed after each test; an uncaught error, a `console.error` and a failed request
 * of any page fail it.
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
  visitor: async ({ browser }, use) => {
    const opened: { context: BrowserContext; problems: () => string[] }[] = []
    await use(async (options) => {
      const person = await openProfile(browser, options)
      opened.push(person)
      return person
    })
    const problems = opened.flatMap((person) => person.problems())
    await Promise.all(opened.map(({ context }) => context.close()))
    if (problems.length > 0) throw new Error(`The browser reported:\n${problems.join('\n')}`)
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

async function openProfile(browser: Browser, { viewport, path = '/', appUrl }: PersonOptions = {}) {
  const context = await browser.newContext({
    baseURL: appUrl ?? inject('appUrl'),
    viewport: viewport ?? { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'Europe/London',
  })
  // A limit of waiting, not of speed: half a minute is soon over on a busy machine.
  context.setDefaultTimeout(90_000)
  const messages: string[] = []
  const expected: RegExp[] = []
  context.on('weberror', (error) => messages.push(`uncaught: ${error.error().stack ?? error.error().message}`))
  context.on('console', (message) => {
    if (message.type() === 'error') messages.push(`console.error: ${message.text()} (${message.location().url})`)
  })
  const page = await context.newPage()
  await page.goto(path)
  return {
    context,
    page,
    expectError: (pattern: RegExp) => void expected.push(pattern),
    problems: () => messages.filter((message) => !expected.some((pattern) => pattern.test(message))),
  }
}
