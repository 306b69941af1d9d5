import { createHash, randomBytes } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startChild } from '../process/child'
import { isAlive } from '../process/is-alive'
import { bundleWhole } from '../run.mjs'
import { tryLock } from '../process/lock'
import { StartError } from '../start-error'
import { allowInlineScripts } from './inline-script-hashes'

export type BuildOptions = { root: string; onLine: (line: string) => void; signal: AbortSignal }

/** What a build is made from; `db` only for the schema that the server bundles. */
const SOURCES = [
  'app',
  'components',
  'db',
  'entities',
  'lib',
  'public',
  'instrumentation.ts',
  'middleware.ts',
  'postcss.config.mjs',
  'next.config.ts',
  'package-lock.json',
  'tsconfig.json',
]
const STAMP = '.next/sources'
const STOP_GRACE_MS = 1000

/** A copy of the build that one server runs from, so that the next build does not pull the files from under it. */
export type TakenBuild = {
  /** For NEXT_DIST_DIR, relative to the project. */
  distDir: string
  /** Removes the copy; the server must have ended. */
  release(): void
}

/**
 * Makes the production build where the sources have changed since the last one (waiting for a build that is being made), and takes a
 * copy of it to serve.
 */
export async function takeBuild({ root, onLine, signal }: BuildOptions): Promise<TakenBuild> {
  const lock = await waitForLock(`build ${root}`, signal)
  try {
    const sources = hashSources(root)
    const stamp = join(root, STAMP)
    if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== sources) {
      onLine('making the production build (about half a minute)')
      await buildLocked({ root, onLine, signal })
      writeFileSync(stamp, sources)
    }
    return copyBuild(root)
  } finally {
    await lock.release()
  }
}

const COPIES = '.next-served-'
const NOT_SERVED = ['cache', 'dev', 'diagnostics', 'lock', 'standalone', 'trace', 'trace-build', 'types', 'turbopack']

function copyBuild(root: string): TakenBuild {
  for (const name of readdirSync(root)) {
    const pid = name.startsWith(COPIES) ? Number(name.slice(COPIES.length).split('-')[0]) : undefined
    if (pid !== undefined && !isAlive(pid)) rmSync(join(root, name), { recursive: true, force: true })
  }
  // Beside .next and not deeper: what is built refers to packages by relative paths.
  const distDir = `${COPIES}${process.pid}-${randomBytes(4).toString('hex')}`
  const wanted = readdirSync(join(root, '.next')).filter((name) => !NOT_SERVED.includes(name))
  for (const name of wanted) cpSync(join(root, '.next', name), join(root, distDir, name), { recursive: true })
  return { distDir, release: () => rmSync(join(root, distDir), { recursive: true, force: true }) }
}

/** Makes the production build whatever there is; `standalone` adds the server that the container image runs. */
export async function build(options: BuildOptions & { standalone: boolean }): Promise<void> {
  const lock = await waitForLock(`build ${options.root}`, options.signal)
  try {
    await buildLocked(options)
  } finally {
    await lock.release()
  }
}

async function buildLocked({
  root,
  onLine,
  signal,
  standalone,
}: BuildOptions & { standalone?: boolean }): Promise<void> {
  rmSync(join(root, STAMP), { force: true })
  const child = startChild({
    command: process.execPath,
    args: ['node_modules/next/dist/bin/next', 'build'],
    cwd: root,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      NEXT_OUTPUT: standalone === true ? 'standalone' : '',
    },
    onLine,
  })
  const stop = () => void child.stop(STOP_GRACE_MS)
  signal.addEventListener('abort', stop, { once: true })
  const reason = await child.exited
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  if (reason !== 'ended with exit code 0') {
    throw new StartError(
      'part-failed',
      `The production build ${reason}.`,
      'The lines above say which file is the cause.',
    )
  }
  allowInlineScripts(join(root, '.next'))
  if (standalone === true) await completeStandalone(root)
}

/** Next leaves out what a CDN could serve; the image serves it itself, and brings the migrations along. */
async function completeStandalone(root: string): Promise<void> {
  const target = join(root, '.next', 'standalone')
  cpSync(join(root, '.next', 'static'), join(target, '.next', 'static'), { recursive: true })
  cpSync(join(root, 'public'), join(target, 'public'), { recursive: true })
  cpSync(join(root, 'drizzle'), join(target, 'drizzle'), { recursive: true })
  await bundleWhole('scripts/data/migrate.ts', join(target, 'migrate.mjs'))
}

async function waitForLock(name: string, signal: AbortSignal): Promise<{ release(): Promise<void> }> {
  for (;;) {
    const attempt = await tryLock(name, `process ${process.pid}`)
    if (attempt.kind === 'held') return attempt
    await delay(250, undefined, { signal })
  }
}

function hashSources(root: string): string {
  const hash = createHash('sha256')
  for (const source of SOURCES) addToHash(hash, root, source)
  return hash.digest('hex')
}

function addToHash(hash: ReturnType<typeof createHash>, root: string, path: string): void {
  const full = join(root, path)
  const stat = statSync(full, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (stat.isDirectory()) {
    for (const name of readdirSync(full).toSorted()) addToHash(hash, root, `${path}/${name}`)
    return
  }
  if (/\.(test|spec)\.tsx?$/.test(path)) return
  hash.update(`${path}\0${stat.size}\0`).update(readFileSync(full))
}
