import { expect, test } from 'vitest'
import { bands } from '@/entities/bands'
import { band_members } from '@/entities/band_members'
import { conflicts } from '@/entities/conflicts'
import { songs } from '@/entities/songs'
import type { AnyEntity } from '@/lib/entity/define'
import { groupOps } from './apply'
import type { RowOp } from './plan-state'
import type { Received, Write } from './received'
import { segmentsOf } from './segments'

function item(entity: AnyEntity, op: Write['op'], key: string): Received {
  const target = { id: '', entity, key }
  const write: Write =
    op === 'insert'
      ? { ...target, op, values: {} }
      : op === 'update'
        ? { ...target, op, patch: {}, base: {} }
        : op === 'restore'
          ? { ...target, op, patch: {} }
          : { ...target, op }
  return { id: '', writeId: '', hash: '', kind: 'understood', write }
}

const shape = (items: Received[]) =>
  segmentsOf(items).map((segment) =>
    segment.map((each) => (each.kind === 'understood' ? `${each.write.op} ${each.write.key}` : 'malformed')),
  )

test('ordinary writes share one reading; what changes memberships stands alone', () => {
  expect(
    shape([
      item(songs, 'insert', 'a'),
      item(songs, 'update', 'a'),
      item(band_members, 'update', 'm'),
      item(songs, 'update', 'a'),
      item(bands, 'insert', 'b'),
      item(bands, 'delete', 'b'),
      item(songs, 'update', 'c'),
    ]),
  ).toEqual([['insert a', 'update a'], ['update m'], ['update a', 'insert b'], ['delete b'], ['update c']])
})

test('after a delete, the same row and every question are read anew', () => {
  expect(shape([item(songs, 'delete', 'a'), item(songs, 'update', 'b'), item(songs, 'update', 'a')])).toEqual([
    ['delete a', 'update b'],
    ['update a'],
  ])
  expect(shape([item(songs, 'delete', 'a'), item(conflicts, 'update', 'q')])).toEqual([['delete a'], ['update q']])
})

test('operations share a statement only within a level, a kind, an entity and a set of columns', () => {
  const op = (key: string, level: number, columns: Record<string, string>): RowOp => ({
    kind: 'update',
    entity: songs,
    key,
    level,
    columns,
  })
  const ops = [
    op('a', 1, { title: 'x' }),
    op('b', 0, { title: 'x' }),
    op('c', 0, { title: 'y' }),
    op('d', 0, { artist: 'z' }),
  ]
  expect(groupOps(ops).map((group) => group.map(({ key }) => key))).toEqual([['b', 'c'], ['d'], ['a']])
})
