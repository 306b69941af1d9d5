import { crc32 } from 'node:zlib'
import type { Position } from './position'

/**
 * The index beside a shape's log: one record of 32 bytes for each stretch of the log that ends at a commit, at a chunk boundary or
 * where a huge transaction was spilled. What lies behind the last record with COMMIT was never told to anybody.
 */
export interface LogRecord extends Position {
  flags: number
  /** Where the stretch ends in the log, in bytes. */
  end: number
  /** Of the stretch's bytes. */
  crc: number
}

export const COMMIT = 1
export const CHUNK_END = 2
export const RECORD_BYTES = 32

export function encodeRecord(record: LogRecord): Buffer {
  const bytes = Buffer.allocUnsafe(RECORD_BYTES)
  bytes.writeBigUInt64LE(record.tx, 0)
  bytes.writeUInt32LE(record.op, 8)
  bytes.writeUInt32LE(record.flags, 12)
  bytes.writeBigUInt64LE(BigInt(record.end), 16)
  bytes.writeUInt32LE(record.crc, 24)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28)
  return bytes
}

/** Reads the record at `at`; null when its bytes are torn. */
export function decodeRecord(bytes: Buffer, at: number): LogRecord | null {
  if (at + RECORD_BYTES > bytes.length) return null
  if (crc32(bytes.subarray(at, at + 28)) !== bytes.readUInt32LE(at + 28)) return null
  return {
    tx: bytes.readBigUInt64LE(at),
    op: bytes.readUInt32LE(at + 8),
    flags: bytes.readUInt32LE(at + 12),
    end: Number(bytes.readBigUInt64LE(at + 16)),
    crc: bytes.readUInt32LE(at + 24),
  }
}
