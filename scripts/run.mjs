// Runs a TypeScript file of this project with node:  node scripts/run.mjs <entry.ts> [arguments]
//
// esbuild bundles our own files (packages stay where npm put them) into .cache/run, and the bundle runs in this process: signals,
// exit codes and stdin behave as if node had been given the file itself. Why not a loader: docs/decisions/0005-esbuild-runner.md
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { readFile } from 'node:fs/promises'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const cache = join(root, '.cache', 'run')
// Put together, so that this file survives being bundled by itself: its own text is searched for these words too.
const LOCATION = ['import', 'meta', 'url'].join('.')
const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Bundles `entry` (relative to the project) and returns the path of the runnable file. Throws with esbuild's messages. While nothing that
 * went into it has changed, the last bundle is taken: esbuild would cost each start 0.1 s and 20 MB.
 */
export async function bundle(entry) {
  const record = join(cache, `${entry.replace(/\W+/g, '-')}.json`)
  const last = lastBundle(record)
  if (last !== null) return last
  const begunMs = Date.now()
  const { code, inputs } = await compile(entry, {
    packages: 'external',
    sourcemap: 'inline',
    // Node reads them where they are.
    sourcesContent: false,
    plugins: [markers, locations(fixedLocation)],
  })
  const name = `${basename(entry, '.ts')}-${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`
  const file = join(cache, name)
  mkdirSync(cache, { recursive: true })
  writeWhole(file, code)
  // With their folders: a new file may be found before the old one.
  const stamps = stampsOf([...inputs, ...inputs.map(dirname), 'scripts/run.mjs', 'package.json', 'tsconfig.json'])
  // What changed meanwhile may or may not be in the bundle.
  if (Object.values(stamps).every(([mtimeMs]) => mtimeMs < begunMs)) {
    writeWhole(record, JSON.stringify({ name, stamps }))
  }
  forgetOldBundles()
  return file
}

/** The bundle that `record` tells of, if it would be built the same again; null otherwise. */
function lastBundle(record) {
  try {
    const { name, stamps } = JSON.parse(readFileSync(record, 'utf8'))
    if (JSON.stringify(stampsOf(Object.keys(stamps))) !== JSON.stringify(stamps)) return null
    const now = new Date()
    for (const used of [record, join(cache, name)]) utimesSync(used, now, now)
    return join(cache, name)
  } catch {
    return null
  }
}

/** When files were changed last, and their sizes. */
function stampsOf(paths) {
  return Object.fromEntries(
    paths.map((path) => {
      const { mtimeMs, size } = statSync(resolve(root, path))
      return [path, [mtimeMs, size]]
    }),
  )
}

/** Under its final name only when it is whole: two runs may start at the same moment. */
function writeWhole(file, contents) {
  writeFileSync(`${file}.${process.pid}`, contents)
  renameSync(`${file}.${process.pid}`, file)
}

/** Bundles `entry` with all its packages into `file`, which finds other files of the project beside itself: for the container image. */
export async function bundleWhole(entry, file) {
  const { code } = await compile(entry, {
    packages: 'bundle',
    external: ['pg-native'],
    plugins: [markers, locations(movableLocation)],
    // Packages in CommonJS ask for Node's own modules with require.
    banner: {
      js: `import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(${LOCATION});`,
    },
  })
  writeFileSync(file, code)
}

async function compile(entry, options) {
  const { build } = await import('esbuild').catch(() => {
    throw new Error('The packages are not installed yet: run `npm install` first (`npm run dev` does it by itself).')
  })
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(cache, `${entry.replace(/\W+/g, '-')}.mjs`),
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    jsx: 'automatic',
    logLevel: 'silent',
    ...options,
  })
  const inputs = Object.keys(result.metafile.inputs).filter((input) => !input.startsWith('empty:'))
  return { code: result.outputFiles[0].contents, inputs }
}

/** `server-only` and `client-only` are marks for Next's bundler; here they are nothing. */
const markers = {
  name: 'markers',
  setup(build) {
    build.onResolve({ filter: /^(server|client)-only$/ }, () => ({ path: 'marker', namespace: 'empty' }))
    build.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: '' }))
  },
}

/** Keeps `import.meta.url` that of the source file: a bundle has only one place, sources have many. */
const locations = (locationOf) => ({
  name: 'locations',
  setup(build) {
    build.onLoad({ filter: /\.(tsx?|mjs)$/ }, async ({ path }) => {
      if (path.includes('/node_modules/')) return undefined
      const source = await readFile(path, 'utf8')
      const loader = path.endsWith('.tsx') ? 'tsx' : path.endsWith('.ts') ? 'ts' : 'js'
      return { contents: source.replaceAll(LOCATION, locationOf(path)), loader }
    })
  },
})

const fixedLocation = (path) => JSON.stringify(pathToFileURL(path).href)
const movableLocation = (path) => `new URL(${JSON.stringify(relative(root, path))}, ${LOCATION}).href`

function forgetOldBundles() {
  for (const name of readdirSync(cache)) {
    const file = join(cache, name)
    const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > DAY_MS) rmSync(file, { force: true })
  }
}

/** Says what is wrong: esbuild's messages as they are, a directory that may not be written with what to do. */
function explain(error) {
  if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return error.message
  return `You may not write to ${root}, where Backline keeps what it builds (${error.code}).\nGive the directory to your account (chown -R), or make a checkout of your own.`
}

/** Bundles `entry` and executes it in this process with `args`; ends the process where it does not compile. */
export async function run(entry, args) {
  let file
  try {
    file = await bundle(entry)
  } catch (error) {
    console.error(explain(error))
    process.exit(1)
  }
  process.argv = [process.argv[0], resolve(root, entry), ...args]
  process.setSourceMapsEnabled(true)
  await import(pathToFileURL(file).href)
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [entry, ...args] = process.argv.slice(2)
  if (entry === undefined) {
    console.error('Usage: node scripts/run.mjs <entry.ts> [arguments]')
    process.exit(2)
  }
  await run(entry, args)
}
