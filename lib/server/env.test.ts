import { expect, test } from 'vitest'
import { EnvError, parseEnv } from './env'

const enough = {
  DATABASE_URL: 'postgresql://u:p@localhost:5432/backline',
  ELECTRIC_URL: 'http://localhost:3133/',
  AUTH_SECRET: 'sixteen-or-more-characters',
}

test('three variables are enough, the rest has defaults', () => {
  expect(parseEnv(enough)).toMatchObject({
    electricUrl: 'http://localhost:3133',
    electricSecret: null,
    publicOrigin: null,
    adminEmails: [],
    syncIntervalMs: 4_000,
    liveMaxSeconds: 280,
    flags: { realtime: 100, sync_icons: 100, toasts: 100 },
  })
})

test('an empty variable counts as not set', () => {
  expect(parseEnv({ ...enough, ELECTRIC_SECRET: '', SYNC_INTERVAL: '' })).toMatchObject({
    electricSecret: null,
    syncIntervalMs: 4_000,
  })
  expect(() => parseEnv({ ...enough, AUTH_SECRET: '' })).toThrow('AUTH_SECRET is not set.')
})

test.each([
  ['DATABASE_URL', 'mysql://x', 'DATABASE_URL must look like postgresql://user:password@host:5432/database.'],
  ['DATABASE_URL', undefined, 'DATABASE_URL is not set.'],
  ['ELECTRIC_URL', 'localhost:3133', 'ELECTRIC_URL must look like http://localhost:3133.'],
  ['AUTH_SECRET', 'short', 'AUTH_SECRET must be at least 16 characters long; `openssl rand -base64 32` makes one.'],
  ['NEXTAUTH_URL', 'band.example.com', 'NEXTAUTH_URL must look like https://band.example.com.'],
  ['SYNC_INTERVAL', '1.5', 'SYNC_INTERVAL must be a whole number from 500 to 3600000.'],
  ['SYNC_INTERVAL', '1', 'SYNC_INTERVAL must be a whole number from 500 to 3600000.'],
  ['LIVE_MAX_SECONDS', 'long', 'LIVE_MAX_SECONDS must be a whole number from 5 to 86400.'],
  ['ENABLE_TOASTS', 'yes', 'ENABLE_TOASTS must be true, false or a percentage from 0 to 100.'],
  ['ENABLE_REALTIME', '101', 'ENABLE_REALTIME must be true, false or a percentage from 0 to 100.'],
])('%s=%s is refused by name', (name, value, message) => {
  expect(() => parseEnv({ ...enough, [name]: value })).toThrow(EnvError)
  expect(() => parseEnv({ ...enough, [name]: value })).toThrow(message)
})

test('every problem is told at once, and no value is repeated', () => {
  const tell = () => parseEnv({ DATABASE_URL: 'mysql://user:hunter2@host/db', AUTH_SECRET: 'hunter2' })
  expect(tell).toThrow(/DATABASE_URL .* ELECTRIC_URL .* AUTH_SECRET/)
  expect(tell).not.toThrow(/hunter2/)
})

test('flags are true, false or a share of people', () => {
  const { flags } = parseEnv({ ...enough, ENABLE_REALTIME: 'false', ENABLE_SYNC_ICONS: '25', ENABLE_TOASTS: 'true' })
  expect(flags).toEqual({ realtime: 0, sync_icons: 25, toasts: 100 })
})
