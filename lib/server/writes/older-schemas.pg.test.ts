import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NIGHT_SHIFT } from '@/db/sample-ids'
import type * as Registry from '@/entities'
import type { JsonRow } from '@/lib/protocol/json'
import { insert, sampleBand, update, type SampleBand } from '@/scripts/test/sample-band'
import { applied, conflict, rejection } from '@/scripts/test/writer'

/**
 * The third version of the schemas, as a later release would declare it: songs had a `name` in the first, which became `title` in the
 * second, and a `bpm` until the third. The app under test is loaded with it.
 */
function inThirdVersion(registry: typeof Registry): typeof Registry {
  const renamed =
    (from: string, to: string) =>
    ({ [from]: value, ...rest }: JsonRow): JsonRow =>
      value === undefined ? rest : { ...rest, [to]: value }
  registry.entities.songs.upgrade = { 2: renamed('name', 'title'), 3: renamed('bpm', 'tempo_bpm') }
  return { ...registry, SCHEMA_VERSION: 3 as 1 }
}

let band: SampleBand
beforeEach(async () => {
  vi.doMock('@/entities', async (load) => inThirdVersion(await load<typeof Registry>()))
  band = await sampleBand()
})
afterEach(async () => {
  await band[Symbol.asyncDispose]()
  vi.doUnmock('@/entities')
})

const send = async (schema: number | undefined, ...writes: object[]) => {
  const { sarah } = band.writers
  const answer = await sarah.post({ ...(schema === undefined ? {} : { schema }), writes })
  expect(answer.status).toBe(200)
  return (answer.body as { results: Parameters<typeof applied>[0][] }).results
}

test('writes of every older version are brought up to date, base and all, and mean what they meant', async () => {
  const first = { id: randomUUID(), ...insert('songs', { band_id: NIGHT_SHIFT, name: 'Old', bpm: 90 }) }
  const second = { id: randomUUID(), ...insert('songs', { band_id: NIGHT_SHIFT, title: 'Newer', bpm: 100 }) }
  applied((await send(1, first))[0])
  applied((await send(2, second))[0])
  expect(await band.row('songs', first.key)).toMatchObject({ title: 'Old', tempo_bpm: 90 })
  expect(await band.row('songs', second.key)).toMatchObject({ title: 'Newer', tempo_bpm: 100 })

  const seen = update('songs', first.key, { name: 'Old, again', bpm: 91 }, { name: 'Old', bpm: 90 })
  applied((await send(1, { id: randomUUID(), ...seen }))[0])
  expect(await band.row('songs', first.key)).toMatchObject({ title: 'Old, again', tempo_bpm: 91, version: 2 })
  const stale = conflict(
    (await send(1, { id: randomUUID(), ...update('songs', first.key, { name: 'Mine' }, { name: 'Old' }) }))[0],
  )
  expect(stale.fields).toEqual([{ field: 'title', base: 'Old', yours: 'Mine', theirs: 'Old, again' }])
})

test('what an older version called something is unknown in the server’s own', async () => {
  const song = insert('songs', { band_id: NIGHT_SHIFT, name: 'Old' })
  for (const schema of [2, 3, undefined])
    expect(rejection((await send(schema, { id: randomUUID(), ...song }))[0])).toBe('invalid')
})

test('a write is the same write whatever the version it is sent again under: what was received counts', async () => {
  const song = { id: randomUUID(), ...insert('songs', { band_id: NIGHT_SHIFT, name: 'Old' }) }
  const [result] = await send(1, song)
  applied(result)
  expect(await send(1, song)).toEqual([result])
  expect(await send(3, song)).toEqual([result])
  expect(rejection((await send(3, { ...song, values: { band_id: NIGHT_SHIFT, title: 'Old' } }))[0])).toBe('invalid')
  expect(await band.row('songs', song.key)).toMatchObject({ title: 'Old', version: 1 })
})

test('a client newer than the server keeps its writes and comes back', async () => {
  const song = { id: randomUUID(), ...insert('songs', { band_id: NIGHT_SHIFT, title: 'Tomorrow' }) }
  const answer = await band.writers.sarah.post({ schema: 4, writes: [song] })
  expect(answer).toMatchObject({ status: 503, body: { error: { code: 'upgrade' } } })
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(await band.row('songs', song.key)).toBeUndefined()
})
