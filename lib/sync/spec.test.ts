import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { FAULTS } from './testkit/faults/index'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../..')

const spec = ['SPEC.md', 'live-client/SPEC.md'].map((path) => readFileSync(join(here, path), 'utf8')).join('\n')
const ids = [...spec.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map(([, id]) => id ?? '')
const testNames = readdirSync(here, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.test\.tsx?$/.test(path))
  .flatMap((path) => [...readFileSync(join(here, path), 'utf8').matchAll(/\btest\(\s*['"`](.*?)['"`],/gs)])
  .map(([, name]) => name ?? '')

test('every invariant of SPEC.md has its own id', () => {
  expect(ids.length).toBeGreaterThan(40)
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
})

test('every invariant of SPEC.md has a test whose name begins with its id', () => {
  expect(ids.filter((id) => !testNames.some((name) => name.startsWith(`${id} `)))).toEqual([])
})

test('every invariant of SPEC.md has a planted fault, and every fault an invariant', () => {
  const planted = FAULTS.map(({ id }) => id)
  expect(ids.filter((id) => !planted.includes(id))).toEqual([])
  expect(planted.filter((id) => !ids.includes(id))).toEqual([])
})

test('every planted fault still finds its one line', () => {
  for (const { id, file, line, fault } of FAULTS) {
    const found = readFileSync(join(root, file), 'utf8').split(line).length - 1
    expect({ id, found }).toEqual({ id, found: 1 })
    expect(fault).not.toBe(line)
  }
})
