import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { dropStaleDevBuild } from './dev-build'

let root: string
const kept = '.next/dev/cache/kept'

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), `backline-test-${process.pid}-`))
  write('package-lock.json', 'one')
  write('app/page.tsx', 'home')
  write('app/(auth)/sign-out/page.tsx')
  dropStaleDevBuild(root)
  write(kept)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('what the last run kept is used again where only texts changed', () => {
  write('app/page.tsx', 'another home')
  write('app/sign-in-form.tsx')
  expect(dropStaleDevBuild(root)).toBe(false)
  expect(existsSync(join(root, kept))).toBe(true)
})

test.each([
  ['a page was removed', () => rmSync(join(root, 'app/(auth)/sign-out'), { recursive: true })],
  ['a door was added', () => write('app/api/me/route.ts')],
  ['other packages are asked for', () => write('package-lock.json', 'two')],
  ['nobody knows what it was made from', () => rmSync(join(root, '.next/dev-made-from'))],
])('what the last run kept is removed where %s', (_what, change) => {
  change()
  expect(dropStaleDevBuild(root)).toBe(true)
  expect(existsSync(join(root, kept))).toBe(false)
  expect(dropStaleDevBuild(root)).toBe(false)
})
