/**
 * Where a reader stands in a shape's log.
 *
 * An offset is `<tx>_<op>`: `tx` is the commit LSN of a transaction as a decimal 64-bit number, `op` the position of the
 * change in it (or `inf`: after all of it). `0_<n>` are the chunks of the snapshot, `0_inf` its end. `-1` is before
 * everything, `now` asks for the present end.
 */

declare const lsnBrand: unique symbol
declare const offsetBrand: unique symbol

/** A position in the write-ahead log, in bytes. */
export type Lsn = bigint & { readonly [lsnBrand]: true }
/** The text of an offset, known to be well formed. */
export type Offset = string & { readonly [offsetBrand]: true }

export const OFFSET_BEFORE_ALL = '-1' as Offset
export const OFFSET_NOW = 'now' as Offset

const OFFSET_PATTERN = /^(-1|now|\d{1,20}_(\d{1,20}|inf))$/

/** Reads an offset as a client sends it; null when it has no valid format. */
export function parseOffset(text: string): Offset | null {
  return OFFSET_PATTERN.test(text) ? (text as Offset) : null
}

/** Reads an LSN in decimal (`24158616`) or in Postgres's own form (`0/170A098`); null when it is neither. */
export function parseLsn(text: string): Lsn | null {
  if (/^\d{1,20}$/.test(text)) return BigInt(text) as Lsn
  const parts = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text)
  if (!parts) return null
  return ((BigInt(`0x${parts[1]}`) << 32n) | BigInt(`0x${parts[2]}`)) as Lsn
}

/** Orders two offsets that are positions (not `now`): negative when `a` is before `b`. */
export function compareOffsets(a: Offset, b: Offset): number {
  const [aTx, aOp] = splitOffset(a)
  const [bTx, bOp] = splitOffset(b)
  if (aTx !== bTx) return aTx < bTx ? -1 : 1
  return aOp === bOp ? 0 : aOp < bOp ? -1 : 1
}

function splitOffset(offset: Offset): [tx: bigint, op: number] {
  if (offset === OFFSET_BEFORE_ALL) return [-1n, 0]
  const [tx = '0', op = '0'] = offset.split('_')
  return [BigInt(tx), op === 'inf' ? Number.POSITIVE_INFINITY : Number(op)]
}
