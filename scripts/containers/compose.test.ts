import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { readCompose } from './compose'
import { readDockerfile } from './dockerfile'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const source = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
const names = [...new Set([...source.matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name = '']) => name))]
const secrets = Object.fromEntries(names.map((name) => [name, `value-of-${name}`]))

/** The specification's own schema (github.com/compose-spec/compose-spec, Apache License 2.0). */
function specification() {
  const schema = JSON.parse(
    readFileSync(join(here, 'compose-spec', 'compose-spec.json'), 'utf8'),
    dropFormats,
  ) as object
  return z.fromJSONSchema({ ...schema, $schema: 'http://json-schema.org/draft-07/schema#' })
}

/** Its `duration` is Go's (`5s`), not the ISO one that JSON schema means. */
function dropFormats(key: string, value: unknown): unknown {
  return key === 'format' ? undefined : value
}

test('docker-compose.yml follows the compose specification', () => {
  expect(specification().safeParse(parse(source)).error).toBeUndefined()
})

test('the schema refuses a misspelt key and a wrong type', () => {
  const misspelt = source.replace('healthcheck:', 'healthchek:')
  const wrong = source.replace(`command: ['node', 'migrate.mjs']`, 'command: { run: node }')
  expect(specification().safeParse(parse(misspelt)).success).toBe(false)
  expect(specification().safeParse(parse(wrong)).success).toBe(false)
})

test('every secret must be given, and none is in the file', () => {
  for (const name of [
    'POSTGRES_PASSWORD',
    'OWNER_PASSWORD',
    'APP_PASSWORD',
    'ELECTRIC_PASSWORD',
    'ELECTRIC_SECRET',
    'AUTH_SECRET',
  ]) {
    expect(() => readCompose(source, { ...secrets, [name]: '' })).toThrow(name)
  }
})

test('only the app can be reached from outside, and it cannot reach past its needs', () => {
  const { services, networks } = readCompose(source, secrets)
  const open = Object.entries(services).filter(([, service]) => service.ports !== undefined)
  expect(open.map(([name]) => name)).toEqual(['app'])
  expect(networks.inside).toEqual({ internal: true })
  for (const [name, service] of Object.entries(services)) {
    if (name !== 'app') expect(service.networks, name).toEqual(['inside'])
  }
})

test('the app gets no owner connection and no password of other roles', () => {
  const { services } = readCompose(source, secrets)
  const values = Object.values(services.app?.environment ?? {}).join(' ')
  for (const name of ['POSTGRES_PASSWORD', 'OWNER_PASSWORD', 'ELECTRIC_PASSWORD'])
    expect(values).not.toContain(`value-of-${name}`)
})

test('the image runs as an ordinary user', () => {
  expect(readFileSync(join(root, 'Dockerfile'), 'utf8')).toMatch(/^USER node$/m)
  expect(readDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8')).map(({ name }) => name)).toEqual([
    'build',
    'app',
  ])
})
