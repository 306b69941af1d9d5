import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import { expect, test } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const ENTRY = 'lib/sync/index.ts'
const LEADING = 'lib/sync/engine/office.ts'
/** What screens that need them import besides. */
const MORE = ['lib/sync/react/history.ts', 'lib/sync/react/presence.ts']

/** What people download for the sync layer, in KB after gzip. React itself is the app's. */
interface Sizes {
  /** What painting rows from the cache waits for: the whole of it in a tab that follows. */
  opening: number
  /** That and what the tab that leads fetches at once besides. */
  leading: number
  /** That and what is fetched when it is wanted, if ever. */
  everything: number
}

async function measured(packages: 'bundle' | 'external'): Promise<Sizes> {
  // By itself: what screens share with it is no part of opening.
  const layer = await built([ENTRY], packages)
  const entry = fileOf(layer.metafile, ENTRY)
  const whole = await built([ENTRY, ...MORE], packages)
  return {
    opening: kilobytes(layer, together(layer.metafile, [entry])),
    leading: kilobytes(layer, together(layer.metafile, [entry, fileOf(layer.metafile, LEADING)])),
    everything: kilobytes(whole, whole.contents.keys()),
  }
}

interface Built {
  metafile: Metafile
  contents: Map<string, Uint8Array>
}

async function built(entryPoints: string[], packages: 'bundle' | 'external'): Promise<Built> {
  const { outputFiles, metafile } = await build({
    entryPoints,
    absWorkingDir: root,
    outdir: 'out',
    bundle: true,
    splitting: true,
    metafile: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    alias: { '@': root, 'client-only': join(root, 'scripts/test/empty.ts') },
    define: { 'process.env.NODE_ENV': '"production"' },
    external:
      packages === 'external'
        ? ['@electric-sql/*', '@tanstack/*', 'idb', 'uuid', 'zod', 'zod/*', 'react', 'react/*']
        : ['react', 'react/*'],
  })
  return { metafile, contents: new Map(outputFiles.map((file) => [file.path.slice(root.length + 1), file.contents])) }
}

/** Bundlers cut files differently: what is fetched together counts as one. */
function kilobytes({ contents }: Built, files: Iterable<string>): number {
  return gzipSync(Buffer.concat([...files].map((file) => contents.get(file) ?? new Uint8Array()))).length / 1024
}

function fileOf({ outputs }: Metafile, entryPoint: string): string {
  const found = Object.entries(outputs).find(([, output]) => output.entryPoint === entryPoint)
  return found?.[0] ?? expect.unreachable(`no file begins with ${entryPoint}`)
}

/** Files and all that they import at once. */
function together({ outputs }: Metafile, files: readonly string[]): Set<string> {
  const found = new Set(files)
  for (const file of found) {
    for (const { path, kind } of outputs[file]?.imports ?? []) if (kind === 'import-statement') found.add(path)
  }
  return found
}

/**
 * What is reached so far. These limits go down; docs/decisions/0014-size-of-the-sync-layer.md says where the bytes are, and what
 * ours rose by for the sake of the whole.
 */
const OURS_KB_MAX: Sizes = { opening: 22.6, leading: 33.4, everything: 41.2 }
const ALL_KB_MAX: Sizes = { opening: 31.5, leading: 59.8, everything: 79.2 }

test.each([
  { whose: 'our part, entities and merge functions included', packages: 'external', max: OURS_KB_MAX } as const,
  { whose: 'the sync layer with its libraries', packages: 'bundle', max: ALL_KB_MAX } as const,
])('$whose does not grow', async ({ whose, packages, max }) => {
  const sizes = await measured(packages)
  for (const part of ['opening', 'leading', 'everything'] as const) {
    console.log(`${whose}, ${part}: ${sizes[part].toFixed(1)} KB, at most ${max[part]} KB`)
  }
  for (const part of ['opening', 'leading', 'everything'] as const) expect(sizes[part]).toBeLessThanOrEqual(max[part])
})
