// Plain JavaScript without packages: it runs before any of them is installed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const lockFile = join(root, 'package-lock.json')
const installedFile = join(root, 'node_modules', '.package-lock.json')
const stampFile = join(root, 'node_modules', '.installed-lock')
const OLDEST_NODE = [20, 19]
const STILL_HERE_MS = 10_000

/** Ends the process with a sentence where Node.js is too old to go on. */
export function requireNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return
  console.error(
    `Backline needs Node.js ${OLDEST_NODE.join('.')} or newer; this is ${version}. Get it from https://nodejs.org.`,
  )
  process.exit(1)
}

/** Runs `npm install` where the lock file asks for other packages than the installed ones; ends the process when that fails. */
export async function ensureInstalled() {
  if (isInstalled()) return
  console.log('Installing packages (the first time this takes about a minute) …')
  const startedAt = Date.now()
  const stillHere = setInterval(() => {
    console.log(`  still installing (${Math.round((Date.now() - startedAt) / 1000)} s)`)
  }, STILL_HERE_MS)
  const code = await npmInstall()
  clearInterval(stillHere)
  if (code !== 0) {
    console.error(
      '\nThe packages could not be installed: npm says why above. Check the network connection and start again.',
    )
    process.exit(1)
  }
  writeFileSync(stampFile, lockHash())
  console.log(`Packages are installed (${Math.round((Date.now() - startedAt) / 1000)} s).`)
}

function isInstalled() {
  if (!existsSync(installedFile)) return false
  if (existsSync(stampFile)) return readFileSync(stampFile, 'utf8') === lockHash()
  // Installed by hand, with npm itself.
  return statSync(installedFile).mtimeMs >= statSync(lockFile).mtimeMs
}

function lockHash() {
  return createHash('sha256').update(readFileSync(lockFile)).digest('hex')
}

function npmInstall() {
  const windows = process.platform === 'win32'
  const flags = ['install', '--no-audit', '--no-fund', '--include=dev', '--include=optional']
  const child = spawn(windows ? 'npm.cmd' : 'npm', flags, { cwd: root, stdio: 'inherit', shell: windows })
  return new Promise((resolve) => {
    child.once('error', () => resolve(1))
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
