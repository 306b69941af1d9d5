import { expect, test } from 'vitest'
import { Router } from '../shapes/router'
import { Feed } from './feed'

test('a feed that was stopped keeps the trouble of a late look at a table to itself', async () => {
  let fail: (error: Error) => void = () => {}
  const errors: unknown[] = []
  const feed = new Feed({
    router: new Router({ onRotate: () => undefined, onChanged: () => undefined }),
    inspect: () => new Promise((_, reject) => (fail = reject)),
    onCommit: () => undefined,
    onRelation: () => undefined,
    onError: (error) => errors.push(error),
    onHold: () => undefined,
  })
  feed.take(relationMessage(1, 'public', 't'), 0, 1n)
  feed.stop()
  fail(new Error('the database is restarting'))
  await new Promise(setImmediate)
  expect(errors).toEqual([])
})

/** A relation without columns, as pgoutput writes it. */
function relationMessage(oid: number, schema: string, name: string): Buffer {
  const head = Buffer.alloc(5)
  head.write('R', 'latin1')
  head.writeUInt32BE(oid, 1)
  return Buffer.concat([head, Buffer.from(`${schema}\0${name}\0f\0\0`, 'latin1')])
}
