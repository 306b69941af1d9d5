import { type Browser, chromium } from 'playwright-core'
import { findChromium } from '../chromium.mjs'

/** Without a sandbox because tests run as root too; without the chatter with its maker that would show up as network traffic. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
]

/** Starts the installed Chromium, headless. Throws a sentence where there is none. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) {
    throw new Error('No Chromium or Chrome is installed; `npm test` installs one where it may, or set CHROMIUM_PATH.')
  }
  return chromium.launch({ executablePath, args: FLAGS, headless: true })
}
