import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { allEntities } from '@/entities'

/** Doors, caches and hooks serve every entity and name none: a new entity needs no line in them. */
const GENERIC = ['app/api', 'lib/server', 'lib/sync', 'lib/entity', 'lib/protocol']

/** Entities that the sync contract itself is made of: who belongs where, what changed, what is asked, what was read, who is here. */
const CONTRACT: ReadonlySet<string> = new Set([
  'bands',
  'band_members',
  'projects',
  'project_users',
  'changes',
  'conflicts',
  'read_marks',
  'presence',
])

function sources(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$|\/testkit\//.test(path))
}

/** A file may be called like an entity: messages between tabs. */
function withoutCommentsAndImports(source: string): string {
  return source
    .replaceAll(/from '[^']*'/g, '')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/(^|\s)\/\/.*$/gm, '')
}

/** Names of entities that a source spells as text. */
function namesIn(source: string): string[] {
  const text = withoutCommentsAndImports(source)
  const names = allEntities.map(({ name }) => name).filter((name) => !CONTRACT.has(name))
  return names.filter((name) => new RegExp(`['"\`/]${name}['"\`/?]`).test(text))
}

describe('generic code names no entity', () => {
  test.each(GENERIC.flatMap(sources))('%s', (path) => {
    expect(namesIn(readFileSync(path, 'utf8'))).toEqual([])
  })

  test('it would be noticed', () => {
    expect(namesIn(`fetch('/api/shapes/songs')`)).toEqual(['songs'])
    expect(namesIn(`if (entity.name === "setlists") return`)).toEqual(['setlists'])
    expect(namesIn(`// like 'songs'\nimport a from './messages'\nviewer.songs`)).toEqual([])
  })
})
