import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const DEV_BUILD = '.next/dev'
const STAMP = '.next/dev-made-from'
/** Their text decides how everything is built. */
const GROUND = ['package-lock.json', 'next.config.ts', 'tsconfig.json', 'postcss.config.mjs']

/**
 * Removes what `next dev` kept of its last run where routes, packages or settings are not the same any more, as after checking out
 * another commit; true when it did. Next takes changes in while it runs, but at its start it believes what it kept: with a route of
 * which the page is gone it reloads the open page for ever. Nobody may be running `next dev` there.
 */
export function dropStaleDevBuild(root: string): boolean {
  const now = groundOf(root)
  const stamp = join(root, STAMP)
  const isStale = existsSync(join(root, DEV_BUILD)) && readIfThere(stamp) !== now
  if (isStale) rmSync(join(root, DEV_BUILD), { recursive: true, force: true })
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, now)
  return isStale
}

function groundOf(root: string): string {
  const hash = createHash('sha256')
  for (const name of GROUND) hash.update(`${name}\0${readIfThere(join(root, name)) ?? ''}\0`)
  for (const path of routeFiles(root)) hash.update(`${path}\0`)
  return hash.digest('hex')
}

/** The files that make routes, by name alone: what they say may change. https://nextjs.org/docs/app/getting-started/project-structure */
function routeFiles(root: string): string[] {
  const app = join(root, 'app')
  const inApp = existsSync(app) ? readdirSync(app, { recursive: true, encoding: 'utf8' }) : []
  const special = /(^|[\\/])(page|route|layout|template|default|error|global-error|not-found|loading)\.tsx?$/
  const single = ['middleware.ts', 'instrumentation.ts'].filter((name) => existsSync(join(root, name)))
  return [...inApp.filter((path) => special.test(path)), ...single].toSorted()
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
