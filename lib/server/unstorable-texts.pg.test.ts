import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { NIGHT_SHIFT, NIGHT_SHIFT_SONGS, SAMPLE_USERS } from '@/db/sample-ids'
import { readErrorBody } from '@/lib/protocol/errors'
import { sharedSampleBand } from '@/scripts/test/sample-band'

/** Characters that text in Postgres cannot hold: NUL, and half a pair of UTF-16. */
const UNSTORABLE = ['a\u0000b', 'a\ud800b', '\u0000', '\udfff']

const band = sharedSampleBand({ SIGN_INS_PER_ACCOUNT: '1000000', SIGN_INS_PER_ADDRESS: '1000000' })
const song = NIGHT_SHIFT_SONGS[0] ?? ''

/** A request, with the text in one of its places. */
type Place = [name: string, make: (text: string) => { method: string; path: string; body?: unknown }]

const post = (path: string, body: unknown) => ({ method: 'POST', path, body })
const get = (path: string) => ({ method: 'GET', path })
// Half a pair has no bytes of its own; servers refuse bytes that are no UTF-8 before any door is asked.
const inUrl = (text: string) => encodeURIComponent(text.toWellFormed())

const write = (change: Record<string, unknown>) => ({
  id: randomUUID(),
  entity: 'songs',
  op: 'update',
  key: song,
  patch: { artist: 'x' },
  ...change,
})
const batch = (change: Record<string, unknown>, envelope = {}) =>
  post('/api/writes', { ...envelope, writes: [write(change)] })
const shape = { id: 'songs', entity: 'songs', scope: NIGHT_SHIFT, offset: '0_0', handle: '1-1' }
const live = (change: Record<string, unknown>, envelope = {}) =>
  post('/api/shapes/live', { hold: 0, ...envelope, shapes: [{ ...shape, ...change }] })
const here = (change: Record<string, unknown>) =>
  post('/api/presence', { band_id: NIGHT_SHIFT, client_id: randomUUID(), ...change })
const signUp = (change: Record<string, unknown>) =>
  post('/api/auth/sign-up', { email: `${randomUUID()}@test.example`, password: 'long enough', name: 'New', ...change })
const account = (body: unknown) => ({ method: 'PATCH', path: '/api/auth/account', body })

const PLACES: Place[] = [
  ['a write’s id', (text) => batch({ id: text })],
  ['a write’s entity', (text) => batch({ entity: text })],
  ['a write’s op', (text) => batch({ op: text })],
  ['a write’s key', (text) => batch({ key: text })],
  ['a write’s own time', (text) => batch({ at: text })],
  ['an unknown member of a write', (text) => batch({ [text]: 1 })],
  ['a column', (text) => batch({ patch: { artist: text } })],
  ['a column’s name', (text) => batch({ patch: { [text]: 'x' } })],
  ['a base', (text) => batch({ base: { artist: text } })],
  [
    'a decided value',
    (text) => batch({ entity: 'conflicts', patch: { decision: 'edited', decided_value: { a: text } } }),
  ],
  ['a deep value', (text) => batch({ entity: 'setlists', patch: { items: [{ id: text, kind: 'note', text }] } })],
  ['whom a batch is from', (text) => batch({}, { userId: text })],
  ['a batch’s client', (text) => batch({}, { clientId: text })],
  ['a row by REST', (text) => post('/api/songs', { band_id: NIGHT_SHIFT, title: text })],
  ['a row’s id by REST', (text) => post('/api/songs', { id: text, band_id: NIGHT_SHIFT, title: 'x' })],
  ['a path’s key', (text) => ({ method: 'PATCH', path: `/api/songs/${inUrl(text)}`, body: { patch: {} } })],
  ['a path’s entity', (text) => post(`/api/${inUrl(text)}`, {})],
  ['where somebody is', (text) => here({ page: text })],
  ['what somebody edits', (text) => here({ editing_entity: text, editing_id: song })],
  ['the band somebody is in', (text) => here({ band_id: text })],
  ['the browser somebody is in', (text) => here({ client_id: text })],
  ['a live shape’s name', (text) => live({ id: text })],
  ['a live shape’s entity', (text) => live({ entity: text })],
  ['a live shape’s scope', (text) => live({ scope: text })],
  ['a live shape’s handle', (text) => live({ handle: text })],
  ['a live shape’s offset', (text) => live({ offset: text })],
  ['a live shape’s cursor', (text) => live({ cursor: text })],
  ['whom a live request is from', (text) => live({}, { userId: text })],
  ['a shape’s entity', (text) => get(`/api/shapes/${inUrl(text)}?offset=-1`)],
  ['a shape’s scope', (text) => get(`/api/shapes/songs?offset=-1&scope=${inUrl(text)}`)],
  ['a shape’s offset', (text) => get(`/api/shapes/songs?scope=${NIGHT_SHIFT}&offset=${inUrl(text)}`)],
  ['a parameter nobody knows', (text) => get(`/api/shapes/songs?scope=${NIGHT_SHIFT}&offset=-1&${inUrl(text)}=1`)],
  ['history’s entity', (text) => get(`/api/history/${inUrl(text)}`)],
  ['history’s scope', (text) => get(`/api/history/changes?scope=${inUrl(text)}`)],
  ['history’s group', (text) => get(`/api/history/changes?scope=${NIGHT_SHIFT}&group=${inUrl(text)}`)],
  [
    'where a page of history begins',
    (text) => get(`/api/history/changes?scope=${NIGHT_SHIFT}&before=${Buffer.from(text).toString('base64url')}`),
  ],
  ['a new person’s name', (text) => signUp({ name: text })],
  ['a new person’s address', (text) => signUp({ email: `${text}@test.example` })],
  ['a new person’s password', (text) => signUp({ password: `${text} and long enough` })],
  ['one’s name', (text) => account({ name: text })],
  ['one’s picture', (text) => account({ image: `https://pictures.example/${text}` })],
  ['one’s password', (text) => post('/api/auth/password', { current_password: text, new_password: 'long enough' })],
  [
    'one’s next password',
    (text) => post('/api/auth/password', { current_password: 'x', new_password: `${text}12345678` }),
  ],
  [
    'the password that closes an account',
    (text) => ({ method: 'DELETE', path: '/api/auth/account', body: { password: text } }),
  ],
  ['an address that asks for a code', (text) => post('/api/auth/password-reset', { email: `${text}@test.example` })],
  ['a code', (text) => post('/api/auth/password-reset/finish', { code: text, new_password: 'long enough' })],
  ['an address that gets a code', (text) => post('/api/auth/reset-codes', { email: text })],
  ['where to go after signing in', (text) => get(`/api/auth/signin?callbackUrl=${inUrl(text)}`)],
  ['what a provider sends', (text) => get(`/api/auth/callback/github?code=${inUrl(text)}&state=${inUrl(text)}`)],
  ['an address of the account doors', (text) => get(`/api/auth/${inUrl(text)}`)],
  ['no door at all', (text) => get(`/api/nothing/${inUrl(text)}/here`)],
]

test.each(PLACES)('a text that cannot be stored is no failure of the server’s in %s', async (_, make) => {
  for (const text of UNSTORABLE) {
    const { method, path, body } = make(text)
    const response = await band.app.as(SAMPLE_USERS.sarah.id)(path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const said = await response.text()
    expect(response.status, said).not.toBe(500)
    const code = said.startsWith('{"error"') ? readErrorBody(JSON.parse(said))?.code : null
    expect([code, said]).not.toEqual(['internal', said])
    // Nor is it kept as something else.
    expect(await band.rows(`SELECT FROM songs WHERE title LIKE 'a_b' OR artist LIKE 'a_b'`)).toEqual([])
    expect(
      await band.rows(`SELECT FROM users WHERE name LIKE 'a_b' OR image LIKE 'https://pictures.example%'`),
    ).toEqual([])
  }
})
