import 'client-only'

/** Which transactions a snapshot contains: 64-bit transaction ids, as decimal text. */
export interface Snapshot {
  xmin: string
  xmax: string
  xip: string[]
}

/** Whether a snapshot contains a transaction, by its 64-bit id. */
export function isInSnapshot(txid: string, snapshot: Snapshot): boolean {
  const xid = BigInt(txid)
  if (xid < BigInt(snapshot.xmin)) return true
  return xid < BigInt(snapshot.xmax) && !snapshot.xip.some((running) => BigInt(running) === xid)
}

/** The part of a 64-bit transaction id that the log carries. */
export function logTxid(txid: string): number {
  return Number(BigInt(txid) & 0xffff_ffffn)
}
