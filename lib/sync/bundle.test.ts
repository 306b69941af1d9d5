import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** What people download for the sync layer, in bytes after gzip. React itself is the app's. */
async function gzipBytes(packages: 'bundle' | 'external'): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'lib/sync/index.ts')],
    bundle: true,
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
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array()).length
}

/**
 * What is reached so far; the aim is 22 KB of ours and 60 KB in all. These limits only ever go down.
 */
const OURS_KB_MAX = 35.5
const ALL_KB_MAX = 74

test('our part of the sync layer, entities and merge functions included, does not grow', async () => {
  const kilobytes = (await gzipBytes('external')) / 1024
  console.log(`sync layer, ours: ${kilobytes.toFixed(1)} KB (aim 22)`)
  expect(kilobytes).toBeLessThanOrEqual(OURS_KB_MAX)
})

test('the sync layer with its libraries does not grow', async () => {
  const kilobytes = (await gzipBytes('bundle')) / 1024
  console.log(`sync layer, all: ${kilobytes.toFixed(1)} KB (aim 60)`)
  expect(kilobytes).toBeLessThanOrEqual(ALL_KB_MAX)
})
