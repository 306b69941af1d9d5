import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { NIGHT_SHIFT, SAMPLE_USERS } from '@/db/sample-ids'
import { sharedSampleBand } from '@/scripts/test/sample-band'

const band = sharedSampleBand()

function asMia(path: string, body: object): Promise<Response> {
  return band.app.as(SAMPLE_USERS.mia.id)(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function browsersOfMia(): Promise<unknown[]> {
  const rows = await band.rows('SELECT client_id FROM presence WHERE user_id = $1', SAMPLE_USERS.mia.id)
  return rows.map(({ client_id }) => client_id)
}

test('signing out ends presence in that browser at once, signing out everywhere in all of them', async () => {
  const [laptop, phone, tablet] = [randomUUID(), randomUUID(), randomUUID()]
  for (const client_id of [laptop, phone, tablet]) await asMia('/api/presence', { band_id: NIGHT_SHIFT, client_id })
  expect((await asMia('/api/auth/sign-out', { client_id: laptop })).status).toBe(204)
  expect(new Set(await browsersOfMia())).toEqual(new Set([phone, tablet]))
  // A program that tells no browser ends nobody's being here.
  expect((await asMia('/api/auth/sign-out', {})).status).toBe(204)
  expect(await browsersOfMia()).toHaveLength(2)
  expect((await asMia('/api/auth/sign-out', { client_id: 'not an id' })).status).toBe(400)
  expect((await asMia('/api/auth/sign-out-everywhere', {})).status).toBe(204)
  expect(await browsersOfMia()).toEqual([])
})
