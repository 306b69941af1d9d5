import 'server-only'
import type { Transaction } from '@/db/client'
import { newKey } from '@/lib/entity/keys'
import type { JsonRow } from '@/lib/protocol/json'
import type { WriteResult } from '@/lib/protocol/writes'
import type { AppliedOp } from './apply'
import { scopeValue, type LoggedChange } from './plan-state'
import { appendRecords } from './statements'

/** What was answered to a write, to be answered again whenever it comes again. */
export interface Settled {
  writeId: string
  hash: string
  result: Extract<WriteResult, { status: 'applied' | 'conflict' }>
}

/** A change to be told in history. */
export interface LoggedWrite {
  writeId: string
  change: LoggedChange
  applied: AppliedOp
}

/**
 * Appends history and the door's memory, both in the transaction of the changes. Who and when is stamped by the database.
 *
 * `before` and `after` carry the changed fields and the version; a row that came or went is carried whole. That is what undoing takes.
 */
export async function record(
  tx: Transaction,
  userId: string,
  clientId: string | null,
  logged: readonly LoggedWrite[],
  settled: readonly Settled[],
): Promise<void> {
  if (settled.length === 0) return
  const changes = logged.map((write) => changeRow(userId, write)).filter((row) => row !== null)
  const outcomes = settled.map(({ writeId, hash, result }): JsonRow => {
    return {
      user_id: userId,
      id: writeId,
      client_id: clientId,
      content_hash: hash,
      outcome: result as unknown as JsonRow,
    }
  })
  await appendRecords(tx, changes, outcomes)
}

const SUMMARY_MAX = 200

function changeRow(userId: string, { writeId, change, applied }: LoggedWrite): JsonRow | null {
  const { op, fields, rowOp } = change
  const { entity, key } = rowOp
  if (!entity.tracked) return null
  const { before, after } = applied
  const isWhole = op !== 'update'
  return {
    id: newKey(),
    scope_id: scopeValue(entity, key, after, userId),
    entity: entity.name,
    entity_id: key,
    op,
    fields,
    summary: entity.describe(after).slice(0, SUMMARY_MAX).toWellFormed(),
    write_id: writeId,
    before: before && (isWhole ? before : pick(before, fields)),
    after: isWhole ? after : pick(after, fields),
  }
}

function pick(row: JsonRow, fields: readonly string[]): JsonRow {
  return Object.fromEntries([...fields, 'version'].map((name) => [name, row[name] ?? null]))
}
