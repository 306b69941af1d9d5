import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodePgoutput, PgoutputError, readWalsenderMessage } from './pgoutput'
import type { Tuple } from './pgoutput'

function tupleBytes(tuple: Tuple): Buffer {
  const count = Buffer.alloc(2)
  count.writeUInt16BE(tuple.length)
  return Buffer.concat([
    count,
    ...tuple.map((value) => {
      if (value === null) return Buffer.from('n')
      if (value === undefined) return Buffer.from('u')
      const bytes = Buffer.from(value)
      const head = Buffer.alloc(5)
      head.write('t')
      head.writeUInt32BE(bytes.length, 1)
      return Buffer.concat([head, bytes])
    }),
  ])
}

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const tuples = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant(null), fc.constant(undefined)), {
  maxLength: 8,
})
const oids = fc.integer({ min: 1, max: 0xffffffff })

describe('pgoutput', () => {
  test('insert, update and delete read what Postgres writes', () => {
    fc.assert(
      fc.property(oids, tuples, tuples, (oid, old, row) => {
        const insert = Buffer.concat([Buffer.from('I'), uint32(oid), Buffer.from('N'), tupleBytes(row)])
        expect(decodePgoutput(insert)).toEqual({ kind: 'insert', oid, new: row })
        const update = Buffer.concat([
          Buffer.from('U'),
          uint32(oid),
          Buffer.from('O'),
          tupleBytes(old),
          Buffer.from('N'),
          tupleBytes(row),
        ])
        expect(decodePgoutput(update)).toEqual({ kind: 'update', oid, old, new: row, oldIsKeyOnly: false })
        const remove = Buffer.concat([Buffer.from('D'), uint32(oid), Buffer.from('K'), tupleBytes(old)])
        expect(decodePgoutput(remove)).toEqual({ kind: 'delete', oid, old, oldIsKeyOnly: true })
      }),
    )
  })

  test('a message cut at any byte is refused, never half read', () => {
    fc.assert(
      fc.property(oids, tuples, tuples, fc.double({ min: 0, max: 0.999, noNaN: true }), (oid, old, row, place) => {
        const whole = Buffer.concat([
          Buffer.from('U'),
          uint32(oid),
          Buffer.from('O'),
          tupleBytes(old),
          Buffer.from('N'),
          tupleBytes(row),
        ])
        const cut = whole.subarray(0, Math.floor(whole.length * place))
        expect(() => decodePgoutput(cut)).toThrow(PgoutputError)
      }),
    )
  })

  test('truncate names its tables; types and origins mean nothing', () => {
    const truncate = Buffer.concat([Buffer.from('T'), uint32(2), Buffer.from([0]), uint32(7), uint32(9)])
    expect(decodePgoutput(truncate)).toEqual({ kind: 'truncate', oids: [7, 9] })
    expect(decodePgoutput(Buffer.from('Y'))).toEqual({ kind: 'other' })
    expect(() => decodePgoutput(Buffer.from('?'))).toThrow(PgoutputError)
  })

  test('a commit tells where it ends and when it was', () => {
    const commit = Buffer.alloc(26)
    commit.write('C')
    commit.writeBigUInt64BE(5n, 2)
    commit.writeBigUInt64BE(9n, 10)
    commit.writeBigInt64BE(1_500_000n, 18)
    const committedAtMs = Date.UTC(2000, 0, 1, 0, 0, 1, 500)
    expect(decodePgoutput(commit)).toEqual({ kind: 'commit', commitLsn: 5n, endLsn: 9n, committedAtMs })
  })

  test('the envelopes around messages', () => {
    const keepalive = Buffer.alloc(18)
    keepalive.write('k')
    keepalive.writeBigUInt64BE(77n, 1)
    keepalive[17] = 1
    expect(readWalsenderMessage(keepalive)).toEqual({ kind: 'keepalive', endLsn: 77n, replyRequested: true })
    expect(() => readWalsenderMessage(Buffer.from('z'))).toThrow(PgoutputError)
  })
})
