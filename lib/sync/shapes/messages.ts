import 'client-only'
import { isChangeMessage, isControlMessage, type Message, type Row } from '@electric-sql/client'
import { postgresTimeToIso } from '@/lib/protocol/time'
import type { Json, JsonRow } from '@/lib/protocol/json'
import { CONTROL } from '@/lib/protocol/names'
import type { Snapshot } from './snapshot'

/** What one message of a shape's log means to the store. */
export type ShapeMessage =
  | { kind: 'insert'; key: string; columns: JsonRow; txids: readonly number[] }
  /** Only the key and the columns that changed, or the whole row. */
  | { kind: 'update'; key: string; columns: JsonRow; txids: readonly number[] }
  | { kind: 'delete'; key: string; txids: readonly number[] }
  | { kind: 'up-to-date' }
  | { kind: 'must-refetch' }
  | { kind: 'snapshot-end'; snapshot: Snapshot }

/** Times become ISO where they enter; everything else by the types the server names. */
export const shapeParser = {
  timestamptz: postgresTimeToIso,
  timestamp: postgresTimeToIso,
}

/** Reads what ShapeStream delivers; messages that mean nothing to a plain shape are left out. */
export function readMessages(messages: readonly Message<Row<never>>[]): ShapeMessage[] {
  return messages.flatMap((message) => {
    const read = readMessage(message)
    return read ? [read] : []
  })
}

function readMessage(message: Message<Row<never>>): ShapeMessage | null {
  if (isChangeMessage(message)) {
    // The parser leaves JSON only: no int8 is synced (a law holds that).
    const columns = message.value as Record<string, Json>
    const key = columns['id']
    if (typeof key !== 'string') return null
    const txids = message.headers.txids ?? []
    const kind = message.headers.operation
    return kind === 'delete' ? { kind, key, txids } : { kind, key, columns, txids }
  }
  if (!isControlMessage(message)) return null
  const { headers } = message
  switch (headers.control) {
    case CONTROL.upToDate:
      return { kind: 'up-to-date' }
    case CONTROL.mustRefetch:
      return { kind: 'must-refetch' }
    case CONTROL.snapshotEnd:
      return {
        kind: 'snapshot-end',
        snapshot: { xmin: String(headers['xmin']), xmax: String(headers['xmax']), xip: textList(headers['xip_list']) },
      }
    case CONTROL.subsetEnd:
      return null
    default:
      return null
  }
}

function textList(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
