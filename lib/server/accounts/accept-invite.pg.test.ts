import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase, type Database } from '@/db/client'
import { NIGHT_SHIFT, PAPER_LIONS, SAMPLE_INVITE_CODE, SAMPLE_USERS } from '@/db/sample-ids'
import type { Viewer } from '@/lib/entity/viewer'
import { asOwner } from '@/scripts/test/as-owner'
import type { TestDatabase } from '@/scripts/test/database'
import { testDatabase } from '@/scripts/test/postgres'
import { acceptInvite } from './accept-invite'

const { sarah, olga, mia } = SAMPLE_USERS
const caller = { address: '10.0.0.1', origin: 'http://localhost' }
let owned: TestDatabase
let db: Database
beforeEach(async () => {
  owned = await testDatabase({ seeded: true })
  db = openDatabase(owned.appUrl)
})
afterEach(async () => {
  await db.close()
  await owned[Symbol.asyncDispose]()
})

const viewer = (user_id: string): Viewer => ({ user_id, bands: new Map(), projects: new Map() })
const accept = (user_id: string, code: unknown) => acceptInvite(db, viewer(user_id), { code }, caller)
const roleOf = async (user_id: string, band: string) => {
  const [row] = await asOwner<{ role: string }>(
    owned,
    `select role from band_members where user_id = $1 and band_id = $2 and deleted_at is null`,
    [user_id, band],
  )
  return row?.role ?? null
}

test('a code makes its reader a member in the invited role, once', async () => {
  expect(await accept(olga.id, SAMPLE_INVITE_CODE)).toEqual({ ok: true, band_id: NIGHT_SHIFT })
  expect(await roleOf(olga.id, NIGHT_SHIFT)).toBe('viewer')
  const [late] = await asOwner<{ id: string }>(
    owned,
    `insert into users (email, name) values ('late@example.com', 'Late') returning id`,
  )
  expect(await accept(late?.id ?? '', SAMPLE_INVITE_CODE)).toMatchObject({ ok: false })
})

test('a pasted link works as its code does', async () => {
  const link = ` https://band.example.com/invite/${SAMPLE_INVITE_CODE}/?from=mail `
  expect(await accept(olga.id, link)).toEqual({ ok: true, band_id: NIGHT_SHIFT })
})

test('a member who opens an invite stays what they are, and uses nothing up', async () => {
  expect(await accept(sarah.id, SAMPLE_INVITE_CODE)).toEqual({ ok: true, band_id: NIGHT_SHIFT })
  expect(await roleOf(sarah.id, NIGHT_SHIFT)).toBe('owner')
  expect(await accept(olga.id, SAMPLE_INVITE_CODE)).toMatchObject({ ok: true })
})

test('wrong, used, expired, revoked and others’ codes get one and the same answer', async () => {
  const invite = async (fields: string, values: string) => {
    const [row] = await asOwner<{ code: string }>(
      owned,
      `insert into invites (id, band_id, role, created_by, ${fields})
       values (gen_random_uuid(), $1, 'owner', $2, ${values}) returning code`,
      [PAPER_LIONS, olga.id],
    )
    return row?.code
  }
  const codes = [
    'no-such-code-at-all',
    '',
    '\u0000',
    null,
    { $ne: null },
    await invite('used_by', `'${olga.id}'`),
    await invite('expires_at', `now() - interval '1 second'`),
    await invite('deleted_at', 'now()'),
    await invite('email', `'somebody.else@example.com'`),
  ]
  const answers = new Set<string>()
  for (const code of codes) answers.add(JSON.stringify(await accept(mia.id, code)))
  expect([...answers]).toHaveLength(1)
  expect(await roleOf(mia.id, PAPER_LIONS)).toBeNull()
})

test('of two people with one code one comes in', async () => {
  const [late] = await asOwner<{ id: string }>(
    owned,
    `insert into users (email, name) values ('late@example.com', 'Late') returning id`,
  )
  const answers = await Promise.all([olga.id, late?.id ?? ''].map((id) => accept(id, SAMPLE_INVITE_CODE)))
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
})

test('guessing codes is slowed down', async () => {
  let answer = await accept(olga.id, 'guess')
  for (let guess = 0; guess < 10; guess += 1) answer = await accept(olga.id, `guess-${guess}`)
  expect(answer).toMatchObject({ ok: false, failure: { code: 'rate_limited' } })
})
