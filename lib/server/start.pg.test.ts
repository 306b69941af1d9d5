import { afterEach, expect, test, vi } from 'vitest'
import { testDatabase } from '@/scripts/test/postgres'

const SETTINGS = { ELECTRIC_URL: 'http://127.0.0.1:3133', AUTH_SECRET: 'start-test-secret-start-test' }

afterEach(async () => {
  const { database } = await import('@/db/client')
  await database().close()
  vi.unstubAllEnvs()
})

/** The problem of a server that starts with these settings, in modules of its own. */
async function problemWith(settings: Record<string, string>) {
  vi.resetModules()
  Reflect.deleteProperty(globalThis, Symbol.for('backline.database'))
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
  const { findStartProblem } = await import('./start')
  return findStartProblem()
}

test('the app starts under its own role', async () => {
  await using db = await testDatabase({ migrated: true })
  expect(await problemWith({ ...SETTINGS, DATABASE_URL: db.appUrl })).toBeNull()
  const { database } = await import('@/db/client')
  await database().close()
})

test('the app refuses to start as the owner, whom row-level security does not bind', async () => {
  await using db = await testDatabase({ migrated: true })
  const problem = await problemWith({ ...SETTINGS, DATABASE_URL: db.ownerUrl })
  expect(problem).toMatchObject({ kind: 'role', message: expect.stringContaining('backline_app') as string })
  const { database } = await import('@/db/client')
  await database().close()
})

test('a missing setting is named', async () => {
  const problem = await problemWith({ ...SETTINGS, DATABASE_URL: 'postgresql://a:b@127.0.0.1:1/c', AUTH_SECRET: '' })
  expect(problem).toMatchObject({ kind: 'setting', message: expect.stringContaining('AUTH_SECRET') as string })
})

test('a database that does not answer does not keep the app down', async () => {
  expect(await problemWith({ ...SETTINGS, DATABASE_URL: 'postgresql://a:b@127.0.0.1:1/c' })).toBeNull()
})
