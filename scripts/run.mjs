// Runs a TypeScript file of this project with node:  node scripts/run.mjs <entry.ts> [arguments]
//
// esbuild bundles our own files (packages stay where npm put them) into .cache/run, and the bundle runs in this process: signals,
// exit codes and stdin behave as if node had been given the file itself. Why not a loader: docs/decisions/0005-esbuild-runner.md
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { readFile } from 'node:fs/promises'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const cache = join(root, '.cache', 'run')
const DAY_MS = 24 * 60 * 60 * 1000

/** Bundles `entry` (relative to the project) and returns the path of the runnable file. Throws with esbuild's messages. */
export async function bundle(entry) {
  const { build } = await import('esbuild').catch(() => {
    throw new Error('The packages are not installed yet: run `npm install` first (`npm run dev` does it by itself).')
  })
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(cache, `${entry.replace(/\W+/g, '-')}.mjs`),
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    jsx: 'automatic',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins: [markers, ownLocation],
  })
  const code = result.outputFiles[0].contents
  const name = `${basename(entry, '.ts')}-${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`
  const file = join(cache, name)
  mkdirSync(cache, { recursive: true })
  // Written whole under its final name: two runs may start at the same moment.
  writeFileSync(`${file}.${process.pid}`, code)
  renameSync(`${file}.${process.pid}`, file)
  forgetOldBundles()
  return file
}

/** `server-only` and `client-only` are marks for Next's bundler; here they are nothing. */
const markers = {
  name: 'markers',
  setup(build) {
    build.onResolve({ filter: /^(server|client)-only$/ }, () => ({ path: 'marker', namespace: 'empty' }))
    build.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: '' }))
  },
}

/** Keeps `import.meta.url`, `dirname` and `filename` those of the source file: a bundle has only one place, sources have many. */
const ownLocation = {
  name: 'own-location',
  setup(build) {
    build.onLoad({ filter: /\.tsx?$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const contents = source
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.filename', JSON.stringify(path))
      return { contents, loader: path.endsWith('x') ? 'tsx' : 'ts' }
    })
  },
}

function forgetOldBundles() {
  for (const name of readdirSync(cache)) {
    const file = join(cache, name)
    const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > DAY_MS) rmSync(file, { force: true })
  }
}

/** Bundles `entry` and executes it in this process with `args`; ends the process where it does not compile. */
export async function run(entry, args) {
  let file
  try {
    file = await bundle(entry)
  } catch (error) {
    console.error(error.message)
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
