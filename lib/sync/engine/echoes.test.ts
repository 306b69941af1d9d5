import { expect, test } from 'vitest'
import type { Offset } from '@/lib/protocol/offset'
import { BAND_ID, insertMessage, UP_TO_DATE, updateEntry, uuidOf } from '../testkit/builders'
import type { ShapeMessage } from '../shapes/messages'
import { ShapeHolder } from '../store/shape-holder'
import { nextShape } from '../store/shape-state'
import { echoedWrites } from './echoed-writes'

const KEY = uuidOf(1)
const saved = updateEntry(
  1,
  KEY,
  { title: 'B' },
  { title: 'A' },
  { phase: { kind: 'saved', txid: '9', version: 2, standing: [] } },
)

function holderWith(...batches: ShapeMessage[][]): ShapeHolder {
  const holder = new ShapeHolder({ entity: 'songs', scope: BAND_ID })
  holder.load(null)
  for (const [index, messages] of batches.entries()) {
    const position = { handle: 'h', offset: `${index + 1}_0` as Offset }
    holder.take(nextShape(holder.entity, holder.state, { kind: 'batch', messages, position }))
  }
  return holder
}

test('V7 what a first snapshot has not brought yet says nothing about a write', () => {
  expect(echoedWrites([saved], [holderWith([insertMessage(uuidOf(2))])])).toEqual([])
  expect(echoedWrites([saved], [holderWith([insertMessage(uuidOf(2)), UP_TO_DATE])])).toEqual([saved])
})

test('V2 a write waits for every open shape that could show it, and for one to be opened', () => {
  const behind = holderWith([insertMessage(KEY, { version: 1 }), UP_TO_DATE])
  const ahead = holderWith([insertMessage(KEY, { version: 2 }), UP_TO_DATE])
  expect(echoedWrites([saved], [ahead, behind])).toEqual([])
  expect(echoedWrites([saved], [ahead])).toEqual([saved])
  expect(echoedWrites([saved], [])).toEqual([])
})
