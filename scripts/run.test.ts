import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { onTestFinished, test, expect } from 'vitest'
import { bundle } from './run.mjs'

test('a bundle is taken again while nothing that went into it has changed, and never afterwards', async () => {
  const { entry, write } = project()
  write('entry.ts', "export { value } from './part'")
  write('part/index.ts', 'export const value: number = 1')
  const first = await bundle(entry)
  expect(await valueOf(first)).toBe(1)
  expect(await bundle(entry)).toBe(first)

  write('part/index.ts', 'export const value: number = 2')
  const second = await bundle(entry)
  expect(await valueOf(second)).toBe(2)

  // Found before the folder of the same name.
  write('part.ts', 'export const value: number = 3')
  expect(await valueOf(await bundle(entry))).toBe(3)
})

/** A folder of sources that look as if they had been there for a while. */
function project(): { entry: string; write: (name: string, source: string) => void } {
  const dir = mkdtempSync(join(tmpdir(), 'run-test-'))
  let count = 0
  onTestFinished(() => rmSync(dir, { recursive: true }))
  return {
    entry: join(dir, 'entry.ts'),
    write(name, source) {
      mkdirSync(dirname(join(dir, name)), { recursive: true })
      writeFileSync(join(dir, name), source)
      const past = new Date(Date.now() - 60_000 + 1000 * count++)
      for (const path of [join(dir, name), dirname(join(dir, name)), dir]) utimesSync(path, past, past)
    },
  }
}

async function valueOf(file: string): Promise<unknown> {
  const loaded = (await import(pathToFileURL(file).href)) as { value: unknown }
  return loaded.value
}
