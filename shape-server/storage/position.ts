/** Where a reader stands in a shape's log: an Offset taken apart, cheap to compare. */
export interface Position {
  /** Commit LSN of the transaction; 0 for the snapshot, -1 before everything. */
  tx: bigint
  /** Position of the change in it; Infinity after all of it. */
  op: number
}

export const BEFORE_ALL: Position = { tx: -1n, op: 0 }
/** The end of the snapshot, before the first transaction. */
export const SNAPSHOT_END: Position = { tx: 0n, op: Number.POSITIVE_INFINITY }

export function comparePositions(a: Position, b: Position): number {
  if (a.tx !== b.tx) return a.tx < b.tx ? -1 : 1
  return a.op === b.op ? 0 : a.op < b.op ? -1 : 1
}

/** Reads `-1`, `<tx>_<op>` or `<tx>_inf`; null for anything else. */
export function parsePosition(text: string): Position | null {
  if (text === '-1') return BEFORE_ALL
  const match = /^(\d{1,20})_(\d{1,20}|inf)$/.exec(text)
  if (!match) return null
  return { tx: BigInt(match[1] ?? 0), op: match[2] === 'inf' ? Number.POSITIVE_INFINITY : Number(match[2]) }
}

export function formatPosition(position: Position): string {
  if (position.tx < 0n) return '-1'
  return `${position.tx.toString()}_${position.op === Number.POSITIVE_INFINITY ? 'inf' : String(position.op)}`
}
