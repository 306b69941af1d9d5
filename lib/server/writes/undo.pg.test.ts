import { expect, test } from 'vitest'
import { NIGHT_SHIFT } from '@/db/sample-ids'
import { undoOf, type UndoableChange } from '@/lib/entity/undo'
import { insert, remove, sharedSampleBand, update } from '@/scripts/test/sample-band'
import { applied, conflict } from '@/scripts/test/writer'

const band = sharedSampleBand()

/** The latest change of a row, as the history door tells it. */
async function lastChange(key: string): Promise<UndoableChange> {
  const response = await band.app.as(band.writers.sarah.userId)(
    `/api/history/changes?scope=${NIGHT_SHIFT}&group=${key}`,
  )
  const { rows } = (await response.json()) as { rows: UndoableChange[] }
  const [change] = rows
  if (!change) throw new Error('history tells nothing of this row')
  return change
}

async function undoLast(key: string) {
  const undo = undoOf(await lastChange(key))
  if (!undo) throw new Error('there is nothing to undo')
  return band.writers.sarah.one(undo)
}

test('every kind of change is taken back from what history tells', async () => {
  const { sarah } = band.writers
  const song = insert('songs', { band_id: NIGHT_SHIFT, title: 'Before', tags: ['a'], tempo_bpm: 90 })
  applied(await sarah.one(song))
  applied(await sarah.one(update('songs', song.key, { title: 'After', tags: ['b'], tempo_bpm: null })))
  applied(await undoLast(song.key))
  expect(await band.row('songs', song.key)).toMatchObject({ title: 'Before', tags: ['a'], tempo_bpm: 90 })
  applied(await sarah.one(remove('songs', song.key)))
  applied(await undoLast(song.key))
  expect((await band.row('songs', song.key))?.['deleted_at']).toBeNull()
  applied(await undoLast(song.key))
  expect((await band.row('songs', song.key))?.['deleted_at']).not.toBeNull()
})

test('undoing does not overwrite what somebody changed since: it asks', async () => {
  const { sarah, alex } = band.writers
  const song = insert('songs', { band_id: NIGHT_SHIFT, title: 'One' })
  applied(await sarah.one(song))
  applied(await sarah.one(update('songs', song.key, { title: 'Two' })))
  const change = await lastChange(song.key)
  applied(await alex.one(update('songs', song.key, { title: 'Three' }, { title: 'Two' })))
  const undo = undoOf(change)
  if (!undo) throw new Error('there is nothing to undo')
  expect(conflict(await sarah.one(undo)).fields).toEqual([
    { field: 'title', base: 'Two', yours: 'One', theirs: 'Three' },
  ])
})
