import { EventEmitter } from 'node:events'
import fc from 'fast-check'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { copyOut } from './copy-out'

const READY = message('Z', Buffer.from('I'))

test('rows are whole however the bytes are cut, and everything else goes to pg as it came', async () => {
  const rows = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 })
  const cuts = fc.array(fc.nat(), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(rows, cuts, async (values, places) => {
      const copied = values.map((value) => message('d', value))
      const bytes = Buffer.concat([message('H', Buffer.of(0, 0, 0)), ...copied, message('c', Buffer.alloc(0)), READY])
      const wire = new Wire()
      const found: Buffer[] = []
      const done = copyOut(wire.client, 'COPY t TO STDOUT', (piece, from, to) => {
        found.push(Buffer.from(piece.subarray(from, to)))
        return null
      })
      for (const piece of cut(bytes, places)) wire.stream.emit('data', piece)
      await done
      expect(found.map((row) => [...row])).toEqual(values.map((value) => [...value]))
      expect(Buffer.concat(wire.seenByPg)).toEqual(
        Buffer.concat([message('H', Buffer.of(0, 0, 0)), message('c', Buffer.alloc(0)), READY]),
      )
    }),
  )
})

test('what follows the end of the query is read by pg alone', async () => {
  const wire = new Wire()
  const done = copyOut(wire.client, 'COPY t TO STDOUT', () => null)
  wire.stream.emit('data', Buffer.concat([READY, message('d', Buffer.from('not ours'))]))
  await done
  expect(Buffer.concat(wire.seenByPg).includes('not ours')).toBe(true)
  expect(wire.stream.listeners('data')).toHaveLength(1)
})

test('a sink that throws ends the connection and the statement, and gets nothing more', async () => {
  const wire = new Wire()
  let calls = 0
  const done = copyOut(wire.client, 'COPY t TO STDOUT', () => {
    calls++
    throw new Error('no room')
  })
  wire.stream.emit('data', Buffer.concat([message('d', Buffer.from('1')), message('d', Buffer.from('2'))]))
  await expect(done).rejects.toThrow('no room')
  expect(calls).toBe(1)
  expect(wire.stream.isDestroyed).toBe(true)
})

/** The side of pg that a COPY meets: a socket that pg's parser listens to. */
class Wire {
  readonly seenByPg: Buffer[] = []
  readonly stream = new Stream()
  private submitted: { handleReadyForQuery(): void } | null = null

  constructor() {
    this.stream.on('data', (bytes: Buffer) => {
      this.seenByPg.push(bytes)
      if (bytes.includes(READY)) this.submitted?.handleReadyForQuery()
    })
  }

  get client(): pg.ClientBase {
    const query = (submittable: { submit(connection: unknown): void; handleReadyForQuery(): void }) => {
      this.submitted = submittable
      submittable.submit({ stream: this.stream, query: () => undefined })
    }
    return { query } as unknown as pg.ClientBase
  }
}

class Stream extends EventEmitter {
  isDestroyed = false
  destroy(): void {
    this.isDestroyed = true
  }
}

function message(tag: string, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.write(tag, 'latin1')
  head.writeUInt32BE(payload.length + 4, 1)
  return Buffer.concat([head, payload])
}

function cut(bytes: Buffer, places: number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b)
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length))
}
