import { expect, test } from 'vitest'
import { sampleBand } from '../test/sample-band'
import { runAttacks } from './run-attacks'

test('no attack of the corpus changes a row, gets a secret, or an answer that is not ours', async () => {
  await using band = await sampleBand()
  const { attacks, breaches } = await runAttacks({
    url: band.app.url,
    cookieOf: (userId) => band.app.cookieOf(userId),
    rows: band.rows,
  })
  expect(breaches.map(({ attack, found }) => `${attack.group}: ${attack.name}: ${found}`)).toEqual([])
  expect(attacks).toBeGreaterThan(400)
}, 300_000)
