import { afterEach, beforeEach, expect, test } from 'vitest'
import { NIGHT_SHIFT, SAMPLE_MEMBERS, SAMPLE_PASSWORD, SAMPLE_USERS } from '@/db/sample-ids'
import { allEntities } from '@/entities'
import { accountClient } from '@/scripts/test/account-client'
import { testApp, type TestApp } from '@/scripts/test/app'
import { asOwner } from '@/scripts/test/as-owner'
import type { TestDatabase } from '@/scripts/test/database'
import { testDatabase } from '@/scripts/test/postgres'

const { sarah, alex, noah, olga } = SAMPLE_USERS
let db: TestDatabase
let app: TestApp
beforeEach(async () => {
  db = await testDatabase({ seeded: true })
  app = await testApp(db)
})
afterEach(async () => {
  await app[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

async function signedIn(email: string) {
  const browser = accountClient(app.url)
  expect((await browser.signIn(email, SAMPLE_PASSWORD)).status).toBe(200)
  return browser
}

const close = { password: SAMPLE_PASSWORD }
const livingRows = (table: string, column: string, id: string) =>
  asOwner(db, `select id from ${table} where ${column} = $1 and deleted_at is null`, [id])

test('a closed account cannot sign in, belongs nowhere, and is forgotten but for what it wrote', async () => {
  const [here, elsewhere] = [await signedIn(noah.email), await signedIn(noah.email)]
  const songs = await asOwner(db, `select count(*)::int as n from songs where deleted_at is null`)
  expect((await here.send('DELETE', '/api/auth/account', close)).status).toBe(204)
  expect(here.cookies.has('next-auth.session-token')).toBe(false)
  expect((await elsewhere.get('/api/me')).status).toBe(401)
  expect((await accountClient(app.url).signIn(noah.email, SAMPLE_PASSWORD)).status).toBe(401)
  const personal = allEntities.filter(({ scope }) => scope.kind === 'user').map(({ name }) => name)
  for (const table of ['band_members', 'project_users', ...personal]) {
    expect(await livingRows(table, 'user_id', noah.id), table).toEqual([])
  }
  const [account] = await asOwner(db, `select * from users where id = $1`, [noah.id])
  expect(account).toMatchObject({ name: null, image: null, password_hash: null, email: `closed-${noah.id}` })
  expect(await asOwner(db, `select count(*)::int as n from songs where deleted_at is null`)).toEqual(songs)
})

test('the bands read in their history that somebody left', async () => {
  await (await signedIn(noah.email)).send('DELETE', '/api/auth/account', close)
  const told = await asOwner(
    db,
    `select op, actor_id, summary from changes where scope_id = $1 and entity_id = $2 order by created_at desc limit 1`,
    [NIGHT_SHIFT, SAMPLE_MEMBERS.nightShift.noah],
  )
  expect(told).toEqual([{ op: 'delete', actor_id: noah.id, summary: 'Noah' }])
})

test('the address of a closed account is free again', async () => {
  await (await signedIn(noah.email)).send('DELETE', '/api/auth/account', close)
  const again = { email: noah.email, password: 'a new beginning', name: 'Noah' }
  const browser = accountClient(app.url)
  expect((await browser.send('POST', '/api/auth/sign-up', again)).status).toBe(201)
  const me = (await (await browser.get('/api/me')).json()) as { user: { id: string } }
  expect(me.user.id).not.toBe(noah.id)
})

test('nobody closes an account while a band or project would be left without an owner, and the answer names it', async () => {
  const browser = await signedIn(sarah.email)
  const answer = await browser.send('DELETE', '/api/auth/account', close)
  expect(answer.status).toBe(403)
  const { error } = (await answer.json()) as { error: { message: string } }
  expect(error.message).toContain('The Night Shift')
  expect((await browser.get('/api/me')).status).toBe(200)
  expect(await livingRows('band_members', 'user_id', sarah.id)).not.toEqual([])
})

test('an owner may go once there is another one; of two who go at once one stays', async () => {
  await asOwner(db, `update project_users set role = 'owner' where deleted_at is null`)
  await asOwner(db, `update band_members set role = 'owner' where id = any($1)`, [
    [SAMPLE_MEMBERS.nightShift.alex, SAMPLE_MEMBERS.nightShift.sarah],
  ])
  const browsers = [await signedIn(sarah.email), await signedIn(alex.email)]
  const answers = await Promise.all(browsers.map((browser) => browser.send('DELETE', '/api/auth/account', close)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204, 403]))
})

test('a wrong password, or none, closes nothing', async () => {
  const browser = await signedIn(olga.email)
  for (const form of [{ password: 'a guess' }, {}]) {
    const answer = await browser.send('DELETE', '/api/auth/account', form)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { issues: ['password: is not your password'] } })
  }
  expect((await browser.get('/api/me')).status).toBe(200)
})

test('a person changes how they are called', async () => {
  const browser = await signedIn(olga.email)
  const image = 'https://example.com/olga.png'
  expect((await browser.send('PATCH', '/api/auth/account', { name: 'Olga B.', image })).status).toBe(204)
  expect(await (await browser.get('/api/me')).json()).toMatchObject({ user: { name: 'Olga B.', image } })
  expect((await browser.send('PATCH', '/api/auth/account', { image: 'javascript:alert(1)' })).status).toBe(400)
  expect((await browser.send('PATCH', '/api/auth/account', { image: null })).status).toBe(204)
  expect(await (await browser.get('/api/me')).json()).toMatchObject({ user: { name: 'Olga B.', image: null } })
})
