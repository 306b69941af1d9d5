import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { NIGHT_SHIFT } from '@/db/sample-ids'
import type { WriteResult } from '@/lib/protocol/writes'
import { insert, remove, sampleBand, update } from '@/scripts/test/sample-band'
import type { Draft } from '@/scripts/test/writer'

/** How many crowds are tried; `WRITE_CROWD_RUNS` makes a soak of it. */
const RUNS = Number(process.env['WRITE_CROWD_RUNS'] ?? 6)

const edit = fc.record({
  song: fc.nat({ max: 2 }),
  what: fc.constantFrom('title', 'artist', 'tags', 'delete', 'restore'),
  value: fc.nat({ max: 3 }),
})
const batches = fc.array(fc.array(edit, { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 4 })

test('people who write at once: versions count every change, history tells each once, one question per author', async () => {
  await using band = await sampleBand()
  const people = [band.writers.sarah, band.writers.alex, band.writers.noah]
  const crowd = fc.tuple(batches, batches, batches)
  await fc.assert(
    fc.asyncProperty(crowd, async (plans) => {
      const songs = [0, 1, 2].map((n) => insert('songs', { band_id: NIGHT_SHIFT, title: `Song ${n}`, tags: ['t'] }))
      const keys = songs.map(({ key }) => key)
      await band.writers.sarah.send(...songs)
      const draft = ({ song, what, value }: (typeof plans)[0][0][0]): Draft => {
        const key = keys[song] ?? ''
        if (what === 'delete') return remove('songs', key)
        if (what === 'restore') return { entity: 'songs', op: 'restore', key }
        if (what === 'tags') return update('songs', key, { tags: ['t', `tag ${value}`] }, { tags: ['t'] })
        // Everybody has seen the first version only.
        return update(
          'songs',
          key,
          { [what]: `${what} ${value}` },
          { [what]: what === 'title' ? `Song ${song}` : null },
        )
      }
      const results = await Promise.all(
        plans.map(async (plan, index) => {
          const said: { draft: Draft; result: WriteResult }[] = []
          for (const batch of plan) {
            const drafts = batch.map((each) => ({ id: randomUUID(), ...draft(each) }))
            const answers = await people[index]?.send(...drafts)
            for (const [n, result] of (answers ?? []).entries()) if (drafts[n]) said.push({ draft: drafts[n], result })
          }
          return said
        }),
      )
      const all = results.flat()
      expect(all.filter(({ result }) => result.status === 'rejected')).toEqual([])
      // Every change raised a version by one: no two answers show the same new version of a row, and the last one stands.
      const changed = await band.rows(
        `SELECT entity_id, count(*)::int AS n FROM changes WHERE entity_id = ANY ($1) GROUP BY entity_id`,
        keys,
      )
      const rows = await band.rows('SELECT id, version FROM songs WHERE id = ANY ($1)', keys)
      for (const { id, version } of rows) expect(changed.find((row) => row['entity_id'] === id)?.['n']).toBe(version)
      for (const key of keys) {
        const versions = all.flatMap(({ draft, result }) =>
          draft.key === key && result.status === 'applied' && result.txid !== null ? [result.version] : [],
        )
        expect(new Set(versions).size).toBe(versions.length)
      }
      const open = await band.rows(
        `SELECT count(*)::int AS n FROM conflicts WHERE entity_id = ANY ($1) AND decision IS NULL
         GROUP BY entity_id, field, offered_by`,
        keys,
      )
      expect(open.every(({ n }) => n === 1)).toBe(true)
    }),
    { numRuns: RUNS },
  )
}, 300_000)
