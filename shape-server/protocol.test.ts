import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const here = path.dirname(new URL(import.meta.url).pathname)
const root = path.dirname(here)

function sources(dir: string): string[] {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(dir, entry.name)
    return entry.isDirectory() ? sources(full) : full.endsWith('.ts') ? [fs.readFileSync(full, 'utf8')] : []
  })
}

test('every promise of PROTOCOL.md is named by a test, and every id in a test is a promise', () => {
  const promised = new Set(
    [...fs.readFileSync(path.join(here, 'PROTOCOL.md'), 'utf8').matchAll(/^- (P[A-Z]\d+) /gm)].map((found) => found[1]),
  )
  const code = [...sources(here), ...sources(path.join(root, 'conformance'))].join('\n')
  const tested = new Set(
    [...code.matchAll(/(?:test|describe)(?:\.each[^]*?\])?\)?\s*\(?\s*['"`](P[A-Z]\d+) /g)].map((found) => found[1]),
  )
  for (const found of code.matchAll(/\(\s*['"`](P[A-Z]\d+) /g)) tested.add(found[1])
  expect([...promised].filter((id) => !tested.has(id))).toEqual([])
  expect([...tested].filter((id) => !promised.has(id))).toEqual([])
})
