// npm test [-- vitest arguments]: everything it needs it installs, starts and stops itself; nothing must run, and `npm run dev` may.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium } from './chromium.mjs'
import { ensureInstalled, requireNode } from './install.mjs'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const summaryFile = join(root, '.cache', `test-summary-${process.pid}.json`)

requireNode()
await ensureInstalled()
ensureChromium()
mkdirSync(dirname(summaryFile), { recursive: true })
const code = await runVitest(process.argv.slice(2))
if (existsSync(summaryFile)) {
  const { passed, failed } = JSON.parse(readFileSync(summaryFile, 'utf8'))
  rmSync(summaryFile)
  console.log(`${passed} passed, ${failed} failed`)
}
process.exit(code)

/** The browser tests need Chromium; on Debian and Ubuntu root may install it. */
function ensureChromium() {
  if (findChromium() !== undefined) return
  if (process.platform === 'linux' && process.getuid() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('Installing Chromium for the browser tests …')
    const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
    spawnSync('apt-get', ['update', '-qq'], options)
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options)
    if (findChromium() !== undefined) return
  }
  console.error(
    'The browser tests need Chromium or Chrome: install it (Debian: apt-get install chromium), or set CHROMIUM_PATH.',
  )
  process.exit(1)
}

function runVitest(args) {
  const reporters = ['--reporter=default', '--reporter=./scripts/test/summary-reporter.ts']
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...withoutSwitches(process.env), TEST_SUMMARY_FILE: summaryFile },
  })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name))
  return new Promise((resolve) => {
    child.once('error', () => resolve(1))
    child.once('exit', (exitCode) => resolve(exitCode ?? 1))
  })
}

/** Tests run on parts of their own, whatever the shell points at. */
function withoutSwitches(environment) {
  const switches = ['DATABASE_URL', 'DATABASE_URL_UNPOOLED', 'ELECTRIC_DATABASE_URL', 'ELECTRIC_URL', 'NODE_ENV']
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !switches.includes(name)))
}
