import 'client-only'
import * as z from 'zod/mini'
import { wholeNumber } from '@/lib/entity/fields'
import type { ErrorCode } from '@/lib/protocol/errors'
import type { JsonRow } from '@/lib/protocol/json'
import type { RejectionCode, WireWrite } from '@/lib/protocol/writes'
import { jsonRow, reason } from '../stored-json'

/** Why a write was refused, or why its last attempt failed. */
export interface Reason {
  code: RejectionCode | ErrorCode | 'network'
  message: string
  issues: string[]
}

/** Where a write is on its way. SPEC.md, "Outbox". */
export type Phase =
  /** On screen, being stored; lost if the tab dies now. */
  | { kind: 'storing' }
  /** Stored, never sent: may still be coalesced. */
  | { kind: 'queued'; attempts: number; failure: Reason | null }
  /** May have reached the server: its content never changes again. */
  | { kind: 'sent'; attempts: number; failure: Reason | null }
  /** Answered; leaves when the shape shows it. `standing`: fields that clashed, which show what stands. */
  | { kind: 'saved'; txid: string | null; version: number | null; standing: string[] }
  /** Refused; waits for a person. */
  | { kind: 'refused'; reason: Reason }
  /** Needs a refused write; waits with it. */
  | { kind: 'held'; on: string }

/** One write of this device with everything fixed when it was made. */
export interface OutboxEntry {
  /** Order in which writes were made, across tabs. */
  seq: number
  write: WireWrite
  /** The first id this intent had: who waits for its outcome knows that one. */
  origin: string
  /** Value of the row's scope column; null when the row was not known. */
  scope: string | null
  /** What the row is called. */
  label: string
  /** Version of the entities' schemas it was made under. */
  schema: number
  /** When it was made (milliseconds since 1970). */
  at: number
  /** Not sent before, unless something is written after it (milliseconds since 1970). */
  holdUntil: number
  /** This device had no room for it: it lives in the open tabs alone. */
  isUnstored?: boolean
  phase: Phase
}

const common = { id: z.string(), entity: z.string(), key: z.string(), at: z.optional(z.string()) }
const attempt = { attempts: wholeNumber(), failure: z.nullable(reason) }

const storedEntry = z.object({
  seq: z.number(),
  write: z.union([
    z.object({ ...common, op: z.literal('insert'), values: jsonRow }),
    z.object({
      ...common,
      op: z.literal('update'),
      patch: jsonRow,
      base: z.optional(jsonRow),
      baseVersion: z.optional(wholeNumber()),
    }),
    z.object({ ...common, op: z.literal('delete') }),
    z.object({ ...common, op: z.literal('restore'), patch: z.optional(jsonRow) }),
  ]),
  origin: z.string(),
  scope: z.nullable(z.string()),
  label: z.string(),
  schema: wholeNumber(),
  at: z.number(),
  holdUntil: z.number(),
  isUnstored: z.optional(z.boolean()),
  phase: z.union([
    z.object({ kind: z.literal('storing') }),
    z.object({ kind: z.literal('queued'), ...attempt }),
    z.object({ kind: z.literal('sent'), ...attempt }),
    z.object({
      kind: z.literal('saved'),
      txid: z.nullable(z.string()),
      version: z.nullable(wholeNumber()),
      standing: z.array(z.string()),
    }),
    z.object({ kind: z.literal('refused'), reason }),
    z.object({ kind: z.literal('held'), on: z.string() }),
  ]),
})

/** Reads an entry as another tab, or an older build in this browser, stored it; null when it is none. */
export function readEntry(value: unknown): OutboxEntry | null {
  const read = storedEntry.safeParse(value)
  // zod checked every field; its optional keys allow `undefined`, which JSON and IndexedDB never hold here.
  return read.success ? (read.data as OutboxEntry) : null
}

/** The columns a write names: values of an insert, patch of an update or restore. */
export function writtenColumns(write: WireWrite): JsonRow {
  switch (write.op) {
    case 'insert':
      return write.values
    case 'update':
      return write.patch
    case 'restore':
      return write.patch ?? {}
    case 'delete':
      return {}
  }
}

/** Whether the server has not answered the write yet and will be asked by itself. */
export function isUnsent(entry: OutboxEntry): boolean {
  const { kind } = entry.phase
  return kind === 'storing' || kind === 'queued' || kind === 'sent'
}

/** Whether the write is part of what people see: all but refused ones and those that wait with them. */
export function isShown(entry: OutboxEntry): boolean {
  return entry.phase.kind !== 'refused' && entry.phase.kind !== 'held'
}
