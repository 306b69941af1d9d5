/**
 * Decoder of the logical replication messages of `pgoutput`, protocol version 1, and of the walsender's envelopes around them.
 * https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */

/** A row as text by column position; null is SQL NULL, undefined an unchanged TOASTed value that was not sent. */
export type Tuple = (string | null | undefined)[]

export interface RelationColumn {
  name: string
  typeOid: number
  typeModifier: number
  /** Part of the replica identity (all columns are, under REPLICA IDENTITY FULL). */
  isKey: boolean
}

export interface Relation {
  kind: 'relation'
  oid: number
  schema: string
  name: string
  /** `d` default, `n` nothing, `f` full, `i` index. */
  replicaIdentity: string
  columns: RelationColumn[]
}

export type PgoutputMessage =
  | { kind: 'begin'; commitLsn: bigint; xid: number }
  | { kind: 'commit'; commitLsn: bigint; endLsn: bigint; committedAtMs: number }
  | Relation
  | { kind: 'insert'; oid: number; new: Tuple }
  | { kind: 'update'; oid: number; old: Tuple | null; new: Tuple; oldIsKeyOnly: boolean }
  | { kind: 'delete'; oid: number; old: Tuple; oldIsKeyOnly: boolean }
  | { kind: 'truncate'; oids: number[] }
  /** Type, origin and logical messages: nothing a shape depends on. */
  | { kind: 'other' }

/** What arrives inside CopyData from a walsender. */
export type WalsenderMessage =
  { kind: 'wal'; endLsn: bigint; payloadAt: number } | { kind: 'keepalive'; endLsn: bigint; replyRequested: boolean }

/** A message that does not follow the protocol; replication must stop, not guess. */
export class PgoutputError extends Error {}

/** Reads the envelope; the pgoutput message of a `wal` starts at `payloadAt` in the same buffer. */
export function readWalsenderMessage(bytes: Buffer): WalsenderMessage {
  const tag = bytes[0] ?? 0
  switch (tag) {
    case 0x77: // w
      return { kind: 'wal', endLsn: bytes.readBigUInt64BE(9), payloadAt: 25 }
    case 0x6b: // k
      return { kind: 'keepalive', endLsn: bytes.readBigUInt64BE(1), replyRequested: bytes[17] === 1 }
    default:
      throw new PgoutputError(`unknown walsender message ${String(tag)}`)
  }
}

/** Decodes one pgoutput message that starts at `at`. Throws PgoutputError on bytes that are none. */
export function decodePgoutput(bytes: Buffer, at = 0): PgoutputMessage {
  const reader = new Reader(bytes, at)
  const tag = reader.byte()
  switch (tag) {
    case 0x42: {
      const commitLsn = reader.uint64()
      reader.skip(8)
      return { kind: 'begin', commitLsn, xid: reader.uint32() }
    }
    case 0x43: {
      reader.skip(1)
      const commitLsn = reader.uint64()
      return { kind: 'commit', commitLsn, endLsn: reader.uint64(), committedAtMs: reader.timestampMs() }
    }
    case 0x52:
      return readRelation(reader)
    case 0x49: {
      const oid = reader.uint32()
      reader.expect(0x4e)
      return { kind: 'insert', oid, new: reader.tuple() }
    }
    case 0x55:
      return readUpdate(reader)
    case 0x44: {
      const oid = reader.uint32()
      const form = reader.byte()
      if (form !== 0x4b && form !== 0x4f) throw new PgoutputError('delete without an old tuple')
      return { kind: 'delete', oid, old: reader.tuple(), oldIsKeyOnly: form === 0x4b }
    }
    case 0x54: {
      const count = reader.uint32()
      reader.skip(1)
      return { kind: 'truncate', oids: Array.from({ length: count }, () => reader.uint32()) }
    }
    case 0x59: // Type
    case 0x4f: // Origin
    case 0x4d: // Message
      return { kind: 'other' }
    default:
      throw new PgoutputError(`unknown pgoutput message ${String(tag)}`)
  }
}

function readRelation(reader: Reader): Relation {
  const oid = reader.uint32()
  const schema = reader.cstring() || 'pg_catalog'
  const name = reader.cstring()
  const replicaIdentity = String.fromCharCode(reader.byte())
  const count = reader.uint16()
  const columns: RelationColumn[] = []
  for (let i = 0; i < count; i++) {
    const isKey = (reader.byte() & 1) === 1
    columns.push({ isKey, name: reader.cstring(), typeOid: reader.uint32(), typeModifier: reader.int32() })
  }
  return { kind: 'relation', oid, schema, name, replicaIdentity, columns }
}

function readUpdate(reader: Reader): PgoutputMessage {
  const oid = reader.uint32()
  let form = reader.byte()
  let old: Tuple | null = null
  const oldIsKeyOnly = form === 0x4b
  if (form === 0x4b || form === 0x4f) {
    old = reader.tuple()
    form = reader.byte()
  }
  if (form !== 0x4e) throw new PgoutputError('update without a new tuple')
  return { kind: 'update', oid, old, new: reader.tuple(), oldIsKeyOnly }
}

const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1)

class Reader {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
  ) {}

  byte(): number {
    const value = this.bytes[this.at++]
    if (value === undefined) throw new PgoutputError('message ends early')
    return value
  }

  expect(tag: number): void {
    if (this.byte() !== tag) throw new PgoutputError(`expected tag ${String(tag)}`)
  }

  skip(count: number): void {
    this.at += count
  }

  uint16(): number {
    this.need(2)
    const value = this.bytes.readUInt16BE(this.at)
    this.at += 2
    return value
  }

  uint32(): number {
    this.need(4)
    const value = this.bytes.readUInt32BE(this.at)
    this.at += 4
    return value
  }

  /** Postgres counts microseconds from 2000. */
  timestampMs(): number {
    this.need(8)
    const micros = this.bytes.readBigInt64BE(this.at)
    this.at += 8
    return POSTGRES_EPOCH_MS + Number(micros) / 1000
  }

  int32(): number {
    this.need(4)
    const value = this.bytes.readInt32BE(this.at)
    this.at += 4
    return value
  }

  uint64(): bigint {
    this.need(8)
    const value = this.bytes.readBigUInt64BE(this.at)
    this.at += 8
    return value
  }

  cstring(): string {
    const end = this.bytes.indexOf(0, this.at)
    if (end === -1) throw new PgoutputError('string without an end')
    const value = this.bytes.toString('utf8', this.at, end)
    this.at = end + 1
    return value
  }

  tuple(): Tuple {
    const count = this.uint16()
    const values: Tuple = Array.from({ length: count })
    for (let i = 0; i < count; i++) {
      const form = this.byte()
      switch (form) {
        case 0x6e: // null
          values[i] = null
          break
        case 0x75: // unchanged TOAST
          values[i] = undefined
          break
        case 0x74: {
          // text
          const length = this.uint32()
          this.need(length)
          values[i] = this.bytes.toString('utf8', this.at, this.at + length)
          this.at += length
          break
        }
        default:
          throw new PgoutputError(`unknown column form ${String(form)}`)
      }
    }
    return values
  }

  private need(count: number): void {
    if (this.at + count > this.bytes.length) throw new PgoutputError('message ends early')
  }
}
