import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, test } from 'vitest'
import { NIGHT_SHIFT, SAMPLE_USERS } from '@/db/sample-ids'
import { eventually } from '@/scripts/test/eventually'
import { insert, sampleBand } from '@/scripts/test/sample-band'
import { BATCHES_MAX } from './turns'

const song = () => ({ id: randomUUID(), ...insert('songs', { band_id: NIGHT_SHIFT, title: 'Queued' }) })

test('one person’s batches wait for each other and not for all connections: others are answered meanwhile', async () => {
  await using band = await sampleBand()
  const { sarah } = band.writers
  const holder = new pg.Client(band.db.ownerUrl)
  await holder.connect()
  // As if another process were carrying out a batch of Sarah's.
  await holder.query(`SELECT pg_advisory_lock(hashtextextended($1, 0))`, [`writes:${sarah.userId}`])
  const sent = Array.from({ length: BATCHES_MAX + 5 }, () => sarah.post({ writes: [song()] }))
  const answered: number[] = []
  for (const one of sent) void one.then(({ status }) => answered.push(status))
  // More than may wait are told to come back.
  await eventually(() => expect(answered).toEqual([503, 503, 503, 503, 503]))
  expect((await band.app.as(SAMPLE_USERS.alex.id)('/api/me')).status).toBe(200)
  await holder.end()
  const statuses = (await Promise.all(sent)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(BATCHES_MAX)
  const refused = (await Promise.all(sent)).find(({ status }) => status === 503)
  expect(refused?.body).toMatchObject({ error: { code: 'unavailable' } })
  expect(refused?.headers.get('retry-after')).toBe('1')
})
