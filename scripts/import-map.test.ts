import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { importsOf, importViolations, sourceFiles } from './import-map'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

test('every file imports only what the import map allows', () => {
  expect(importViolations(root, sourceFiles(root))).toEqual([])
})

/** The violations of a project that holds just these files. */
function violationsOf(files: Record<string, string>): string[] {
  const project = mkdtempSync(join(tmpdir(), 'backline-imports-'))
  try {
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(project, path)), { recursive: true })
      writeFileSync(join(project, path), source)
    }
    return importViolations(project, sourceFiles(project))
  } finally {
    rmSync(project, { recursive: true })
  }
}

test('a planted violation is found, by alias and by relative path', () => {
  const client = { 'db/client.ts': 'export const db = 1' }
  for (const specifier of ['@/db/client', '../../db/client']) {
    const found = violationsOf({ ...client, 'app/songs/page.tsx': `import { db } from '${specifier}'` })
    expect(found).toEqual(['app/songs/page.tsx imports db/client.ts: app may not import db/client'])
  }
})

test('a violation cannot hide in a dynamic import, a re-export or several lines', () => {
  const hidden = [
    `await import('@/db/client')`,
    `export { db } from '@/db/client'`,
    `import {\n  db,\n} from '@/db/client'`,
  ]
  for (const source of hidden) {
    expect(violationsOf({ 'db/client.ts': '', 'components/list.tsx': source })).toHaveLength(1)
  }
})

test('entities see tables as types and never as values', () => {
  const schema = { 'db/schema/songs.ts': `import { pgTable } from 'drizzle-orm/pg-core'` }
  expect(violationsOf({ ...schema, 'entities/songs.ts': `import type { songs } from '@/db/schema/songs'` })).toEqual([])
  expect(violationsOf({ ...schema, 'entities/songs.ts': `import { songs } from '@/db/schema/songs'` })).toHaveLength(1)
})

test('a server file without its marker in line 1 is found', () => {
  expect(violationsOf({ 'lib/server/viewer.ts': `import { z } from 'zod'` })).toEqual([
    `lib/server/viewer.ts does not start with import 'server-only'`,
  ])
})

test('a room that is not in the map may be imported by no room', () => {
  expect(
    violationsOf({ 'scripts/env.ts': '', 'lib/server/env.ts': `import 'server-only'\nimport '@/scripts/env'` }),
  ).toHaveLength(1)
})

test('imports are read, comments and strings in code are not', () => {
  const source = `// import a from './a'\n/* import b from './b' */\nimport type { C } from './c'\nconst text = "from './d'"`
  expect(importsOf(source)).toEqual([{ specifier: './c', typeOnly: true }])
})
