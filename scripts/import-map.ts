import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, extname, join, posix } from 'node:path'

/** A room of the house; the longest prefix that fits a path decides. */
type Room =
  | 'lib/protocol'
  | 'lib/entity'
  | 'lib/sync'
  | 'lib/server'
  | 'db/schema'
  | 'db/client'
  | 'db/kept-statements'
  | 'db'
  | 'entities'
  | 'components/ui'
  | 'components'
  | 'app'
  | 'shape-server'
  | 'middleware.ts'
  | 'next.config.ts'
  | 'instrumentation.ts'

type Rule = { may: readonly Room[]; asTypes?: readonly Room[] }

const SHARED = ['entities', 'lib/entity', 'lib/protocol'] as const

/** docs/architecture.md, "Who may import whom": what is not named is forbidden. A room may always import itself. */
export const IMPORT_MAP: Record<Room, Rule> = {
  'lib/protocol': { may: [] },
  'middleware.ts': { may: [] },
  'next.config.ts': { may: [] },
  'instrumentation.ts': { may: ['lib/server'] },
  'lib/entity': { may: ['lib/protocol'] },
  'db/schema': { may: [] },
  entities: { may: ['lib/entity', 'lib/protocol'], asTypes: ['db/schema'] },
  'db/kept-statements': { may: [] },
  'db/client': { may: ['db/schema', 'db/kept-statements'] },
  db: { may: ['db/schema', 'db/client', 'db/kept-statements', 'lib/protocol'] },
  'lib/sync': { may: SHARED },
  'lib/server': { may: [...SHARED, 'db', 'db/schema', 'db/client', 'db/kept-statements'] },
  components: { may: ['components/ui', 'lib/sync', ...SHARED] },
  'components/ui': { may: [] },
  app: { may: ['components', 'components/ui', 'lib/sync', 'lib/server', ...SHARED] },
  'shape-server': { may: ['lib/protocol'] },
}

/** Line 1 of every file of these rooms (after 'use client', which must come first), so that a bundler refuses the file on the wrong side. */
const MARKERS: Partial<Record<Room, string>> = { 'lib/server': 'server-only', 'lib/sync': 'client-only' }

/** The one package that table definitions may use. */
const SCHEMA_PACKAGE = /^drizzle-orm(\/|$)/

/** A sentence for every forbidden import and missing marker in `files` (paths from `root`, with `/`). */
export function importViolations(root: string, files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const room = roomOf(file)
    if (room === undefined || isTest(file)) return []
    const source = readFileSync(join(root, file), 'utf8')
    return [...missingMarker(file, room, source), ...forbiddenImports(root, file, room, source)]
  })
}

/** Every TypeScript file of the project, as paths from `root` with `/`. */
export function sourceFiles(root: string, directory = ''): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(directory, entry.name)
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) return []
    if (entry.isDirectory()) return sourceFiles(root, path)
    return ['.ts', '.tsx'].includes(extname(entry.name)) && entry.name !== 'next-env.d.ts' ? [path] : []
  })
}

export type Import = { specifier: string; typeOnly: boolean }

/** What a source imports: static, re-exported, dynamic and for its effect. */
export function importsOf(source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const fromClauses = code.matchAll(/^\s*(?:import|export)\s+(type\s+)?[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm)
  const effects = code.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm)
  const dynamic = code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)
  return [
    ...[...fromClauses].map(([, type, specifier = '']) => ({ specifier, typeOnly: type !== undefined })),
    ...[...effects, ...dynamic].map(([, specifier = '']) => ({ specifier, typeOnly: false })),
  ]
}

/** The project file that an import of `file` means, as a path from `root`; undefined for a package. */
export function resolveImport(root: string, file: string, specifier: string): string | undefined {
  const path = specifier.startsWith('@/')
    ? specifier.slice(2)
    : specifier.startsWith('.')
      ? posix.join(dirname(file), specifier)
      : undefined
  if (path === undefined) return undefined
  const candidates = [path, `${path}.ts`, `${path}.tsx`, `${path}/index.ts`, `${path}/index.tsx`]
  return candidates.find((candidate) => isFile(join(root, candidate))) ?? path
}

function forbiddenImports(root: string, file: string, room: Room, source: string): string[] {
  const { may, asTypes = [] } = IMPORT_MAP[room]
  return importsOf(source).flatMap(({ specifier, typeOnly }) => {
    const target = resolveImport(root, file, specifier)
    if (target === undefined) {
      return room === 'db/schema' && !SCHEMA_PACKAGE.test(specifier)
        ? [`${file} imports ${specifier}: tables use drizzle only`]
        : []
    }
    const targetRoom = roomOf(target)
    if (targetRoom === room) return []
    if (targetRoom !== undefined && (may.includes(targetRoom) || (typeOnly && asTypes.includes(targetRoom)))) return []
    return [`${file} imports ${target}: ${room} may not import ${targetRoom ?? 'that'}`]
  })
}

function missingMarker(file: string, room: Room, source: string): string[] {
  const marker = MARKERS[room]
  if (marker === undefined || source.replace(/^'use client'\s*/, '').startsWith(`import '${marker}'`)) return []
  return [`${file} does not start with import '${marker}'`]
}

function roomOf(path: string): Room | undefined {
  return ROOMS.find((room) => path === room || path === `${room}.ts` || path.startsWith(`${room}/`))
}

function isTest(file: string): boolean {
  return /\.(test|spec)\.tsx?$/.test(file) || /\/(test|testing)\//.test(file)
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}

const ROOMS = (Object.keys(IMPORT_MAP) as Room[]).toSorted((a, b) => b.length - a.length)
