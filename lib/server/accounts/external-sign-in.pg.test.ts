import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openDatabase, type Database } from '@/db/client'
import { SAMPLE_USERS } from '@/db/sample-ids'
import { asOwner } from '@/scripts/test/as-owner'
import type { TestDatabase } from '@/scripts/test/database'
import { testDatabase } from '@/scripts/test/postgres'
import { type ExternalProfile, signInExternally } from './external-sign-in'
import { linkWithPassword, pendingLinkCookie } from './pending-link'
import { signUp } from './sign-up'

const caller = { address: '10.0.0.1', origin: 'http://localhost' }
const ida = { email: 'ida@example.com', password: 'a good password', name: 'Ida' }
const github: ExternalProfile = {
  provider: 'github',
  provider_account_id: '4711',
  email: 'IDA@example.com',
  is_email_verified: true,
  name: 'ida',
  image: 'https://example.com/ida.png',
}

let owned: TestDatabase
let db: Database
beforeEach(async () => {
  owned = await testDatabase({ seeded: true })
  const env = {
    DATABASE_URL: owned.appUrl,
    ELECTRIC_URL: 'http://127.0.0.1:9',
    AUTH_SECRET: 'a secret for these tests',
  }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  db = openDatabase(owned.appUrl)
})
afterEach(async () => {
  await db.close()
  await owned[Symbol.asyncDispose]()
  vi.unstubAllEnvs()
})

async function account() {
  const made = await signUp(db, ida, caller)
  if (!made.ok) throw new Error(made.failure.message)
  return made.person
}

test('somebody new gets an account with what the provider says of them, and the same one ever after', async () => {
  const first = await signInExternally(db, github)
  expect(first).toMatchObject({ kind: 'signed-in', person: { name: 'ida', password_hash: null } })
  const moved = { ...github, email: 'elsewhere@example.com', is_email_verified: false }
  expect(await signInExternally(db, moved)).toEqual(first)
})

test('an address that the provider does not vouch for opens nothing', async () => {
  await account()
  for (const profile of [
    { ...github, is_email_verified: false },
    { ...github, email: null },
    { ...github, email: 'new@example.com', is_email_verified: false },
  ]) {
    expect(await signInExternally(db, profile)).toEqual({ kind: 'refused', reason: 'ExternalEmailUnverified' })
  }
  expect(await asOwner(owned, `select * from accounts`)).toEqual([])
})

test('an account is linked by its address once its owner has proved to read that address', async () => {
  const person = await account()
  await asOwner(owned, `update users set email_verified = now() where id = $1`, [person.id])
  expect(await signInExternally(db, github)).toMatchObject({ kind: 'signed-in', person: { id: person.id } })
  expect(await asOwner(owned, `select user_id, provider from accounts`)).toEqual([
    { user_id: person.id, provider: 'github' },
  ])
})

test('without that proof the password is asked for, and links', async () => {
  const person = await account()
  const answer = await signInExternally(db, github)
  expect(answer).toMatchObject({ kind: 'prove-ownership', person: { id: person.id } })
  expect(await asOwner(owned, `select * from accounts`)).toEqual([])
  const cookie = await pendingLinkCookie(person, github, caller)
  expect(await linkWithPassword(db, { pending: cookie.value, password: 'a guess' }, caller)).toMatchObject({
    ok: false,
  })
  expect(await linkWithPassword(db, { pending: cookie.value, password: ida.password }, caller)).toMatchObject({
    ok: true,
    person: { id: person.id },
  })
  expect(await signInExternally(db, github)).toMatchObject({ kind: 'signed-in', person: { id: person.id } })
})

test('what waits to be linked cannot be made up, nor does a session pass for it', async () => {
  await account()
  for (const cookie of [undefined, '', 'made up']) {
    expect(await linkWithPassword(db, { pending: cookie, password: ida.password }, caller)).toMatchObject({ ok: false })
  }
  const { sessionCookie } = await import('@/scripts/test/session')
  const session = (await sessionCookie(SAMPLE_USERS.sarah.id)).split('=')[1]
  expect(await linkWithPassword(db, { pending: session, password: ida.password }, caller)).toMatchObject({ ok: false })
  expect(await asOwner(owned, `select * from accounts`)).toEqual([])
})

test('nobody becomes one of the sample people', async () => {
  await asOwner(owned, `update users set email_verified = now() where id = $1`, [SAMPLE_USERS.sarah.id])
  const profile = { ...github, email: SAMPLE_USERS.sarah.email }
  expect(await signInExternally(db, profile)).toEqual({ kind: 'refused', reason: 'AccessDenied' })
})
