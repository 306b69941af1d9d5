import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readSettings } from './env'
import { sourceFiles } from './import-map'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const OWN = {
  DATABASE_URL: 'postgresql://backline_app:app@db.example.com:6432/backline',
  DATABASE_URL_UNPOOLED: 'postgresql://backline_owner:owner@db.example.com:5432/backline',
  ELECTRIC_DATABASE_URL: 'postgresql://backline_electric:electric@db.example.com:5432/backline',
}

function problemsOf(environment: Record<string, string>): string[] {
  const result = readSettings(environment, '/project')
  return result.kind === 'bad' ? result.problems : []
}

describe('switches', () => {
  test('nothing set: everything embedded, on the documented ports, in .data', () => {
    expect(readSettings({}, '/project')).toEqual({
      kind: 'ok',
      settings: {
        dataDir: '/project/.data',
        ports: { app: 3000, postgres: 54329, electric: 3133 },
        database: { kind: 'embedded' },
        electric: { kind: 'embedded', secret: undefined },
        authSecret: undefined,
      },
    })
  })

  test('DATABASE_URL replaces the embedded database and keeps the embedded sync service', () => {
    const result = readSettings(OWN, '/project')
    expect(result).toMatchObject({
      kind: 'ok',
      settings: { database: { kind: 'given' }, electric: { kind: 'embedded' } },
    })
  })

  test('ELECTRIC_URL replaces the sync service, and then nobody needs ELECTRIC_DATABASE_URL', () => {
    const { ELECTRIC_DATABASE_URL: _, ...database } = OWN
    const result = readSettings({ ...database, ELECTRIC_URL: 'https://electric.example.com' }, '/project')
    expect(result).toMatchObject({
      kind: 'ok',
      settings: { electric: { kind: 'given' }, database: { electricUrl: undefined } },
    })
  })

  test('an empty value counts as not set', () => {
    expect(readSettings({ DATABASE_URL: '', PORT: '' }, '/project')).toEqual(readSettings({}, '/project'))
  })
})

describe('a broken configuration is told in a sentence that names the variable and no secret', () => {
  const cases: [string, Record<string, string>][] = [
    ['DATABASE_URL_UNPOOLED', { ...OWN, DATABASE_URL_UNPOOLED: '' }],
    ['ELECTRIC_DATABASE_URL', { ...OWN, ELECTRIC_DATABASE_URL: '' }],
    ['DATABASE_URL_UNPOOLED', { DATABASE_URL_UNPOOLED: OWN.DATABASE_URL_UNPOOLED }],
    ['ELECTRIC_DATABASE_URL', { ELECTRIC_DATABASE_URL: OWN.ELECTRIC_DATABASE_URL }],
    ['DATABASE_URL', { ...OWN, DATABASE_URL: 'mysql://root:tiger-password@host/db' }],
    ['ELECTRIC_URL', { ELECTRIC_URL: 'electric.example.com' }],
    ['PORT', { PORT: '3000a' }],
    ['POSTGRES_PORT', { POSTGRES_PORT: '70000' }],
    ['ELECTRIC_PORT', { ELECTRIC_PORT: '-1' }],
    ['AUTH_SECRET', { AUTH_SECRET: 'tiger' }],
    ['ELECTRIC_SECRET', { ELECTRIC_SECRET: 'tiger' }],
    ['SAMPLE_LOGINS', { SAMPLE_LOGINS: 'yes' }],
  ]
  test.each(cases)('%s in %j', (name, environment) => {
    const problems = problemsOf(environment)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(new RegExp(`^${name} .*\\.$`))
    expect(problems[0]).not.toContain('tiger')
  })

  test('every problem is told at once', () => {
    expect(problemsOf({ PORT: 'x', ELECTRIC_PORT: 'y' })).toHaveLength(2)
  })
})

test('.env.example explains every variable that the code reads, and no other', () => {
  const example = readFileSync(join(root, '.env.example'), 'utf8')
  const explained = new Set([...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name))
  const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8').matchAll(/\$\{([A-Z_]+)/g)
  const read = new Set([
    ...sourceFiles(root).filter(isProduct).flatMap(variablesOf),
    ...[...compose].map(([, name]) => name),
  ])
  for (const name of NOT_SETTINGS) read.delete(name)
  expect(explained).toEqual(read)
})

/** Set by a platform, by a build step or by a test run, not by the person who runs Backline. */
const NOT_SETTINGS = [
  'NODE_ENV',
  'NO_COLOR',
  'NEXT_OUTPUT',
  'NEXT_DIST_DIR',
  'NEXT_PHASE',
  'NEXT_RUNTIME',
  'TEST_SUMMARY_FILE',
  'CI',
]

/** The sync service is a program of its own with Electric's variables (shape-server/PROTOCOL.md). */
function isProduct(file: string): boolean {
  return !/^(shape-server|bench|conformance|e2e)\/|\.test\.tsx?$|^scripts\/test\//.test(file)
}

/** Names read from the environment directly, and the keys of the schemas that parse it. */
function variablesOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8')
  const direct = [...source.matchAll(/\b(?:process\.env|env|environment)(?:\.([A-Z][A-Z_]+)|\['([A-Z_]+)'\])/g)]
  const schema = /^const variables = z\.object\(\{([\s\S]*?)^\}\)/m.exec(source)?.[1] ?? ''
  const keys = [...schema.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)]
  const pairs = [...source.matchAll(/\b(?:keysOf|both)\(given, '([A-Z_]+)', '([A-Z_]+)'\)/g)]
  return [...direct, ...keys, ...pairs].flatMap(([, a, b]) => [a, b]).filter((name) => name !== undefined)
}
