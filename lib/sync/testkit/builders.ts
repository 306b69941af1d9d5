import 'client-only'
import { SCHEMA_VERSION } from '@/entities'
import type { JsonRow } from '@/lib/protocol/json'
import type { WireWrite } from '@/lib/protocol/writes'
import type { OutboxEntry, Phase } from '../outbox/entry'
import { answered } from '../outbox/answered'
import { nextOutbox, type OutboxState } from '../outbox/outbox-state'
import type { Answer } from '../outbox/answer'
import type { ShapeMessage } from '../shapes/messages'

/** Short spellings for what unit tests of the pure parts need. */

export const BAND_ID = '00000000-0000-4000-8000-0000000000b1'
export const NOW = Date.UTC(2026, 10, 20, 18)

/** A uuid that ends in a number. */
export function uuidOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
}

export function songRow(key: string, columns: JsonRow = {}): JsonRow {
  const at = new Date(NOW).toISOString()
  return {
    id: key,
    band_id: BAND_ID,
    title: 'Wonderwall',
    artist: null,
    key: null,
    tempo_bpm: null,
    duration_ms: null,
    tuning: null,
    status: 'idea',
    tags: [],
    lyrics: null,
    notes: null,
    created_at: at,
    updated_at: at,
    created_by: null,
    updated_by: null,
    updated_by_client: null,
    deleted_at: null,
    version: 1,
    ...columns,
  }
}

export function insertMessage(key: string, columns: JsonRow = {}, txids: number[] = []): ShapeMessage {
  return { kind: 'insert', key, columns: songRow(key, columns), txids }
}

export const UP_TO_DATE: ShapeMessage = { kind: 'up-to-date' }
export const MUST_REFETCH: ShapeMessage = { kind: 'must-refetch' }

export function queuedEntry(
  seq: number,
  write: Partial<WireWrite> & { op: WireWrite['op'] },
  change: Partial<OutboxEntry> = {},
): OutboxEntry {
  const id = uuidOf(900_000 + seq)
  const common = { id, entity: 'songs', key: uuidOf(seq), at: new Date(NOW).toISOString() }
  return {
    seq,
    write: { ...common, ...write } as WireWrite,
    origin: write.id ?? id,
    scope: BAND_ID,
    label: 'Wonderwall',
    schema: SCHEMA_VERSION,
    at: NOW,
    holdUntil: NOW,
    phase: QUEUED,
    ...change,
  }
}

export const QUEUED: Phase = { kind: 'queued', attempts: 0, failure: null }

export function insertEntry(
  seq: number,
  key: string,
  values: JsonRow = {},
  change: Partial<OutboxEntry> = {},
): OutboxEntry {
  return queuedEntry(seq, { op: 'insert', key, values: { band_id: BAND_ID, title: 'Wonderwall', ...values } }, change)
}

export function updateEntry(
  seq: number,
  key: string,
  patch: JsonRow,
  base: JsonRow,
  change: Partial<OutboxEntry> = {},
): OutboxEntry {
  return queuedEntry(seq, { op: 'update', key, patch, base }, change)
}

export function outboxWith(entries: readonly OutboxEntry[]): OutboxState {
  return { entries, sender: { kind: 'idle' }, batchMax: 500 }
}

let ids = 0
export const nextId = () => uuidOf(700_000 + ++ids)

/** Sends these entries and takes the answer. */
export function exchanged(state: OutboxState, sent: readonly OutboxEntry[], answer: Answer): OutboxState {
  const asSent = sent.map((entry): OutboxEntry => ({ ...entry, phase: { kind: 'sent', attempts: 0, failure: null } }))
  const sending = nextOutbox(state, { kind: 'sending', entries: asSent })
  return answered(sending, answer, { now: NOW, random: 0.5, newId: nextId })
}
