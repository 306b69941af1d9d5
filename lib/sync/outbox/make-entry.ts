import 'client-only'
import { SCHEMA_VERSION } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import { newKey } from '@/lib/entity/keys'
import type { JsonRow } from '@/lib/protocol/json'
import type { WireWrite } from '@/lib/protocol/writes'
import { unreachable } from '@/lib/protocol/unreachable'
import type { Intent } from '../types'
import type { OutboxEntry } from './entry'
import { holdUntil } from './place'
import { scopeOfRow } from '../shapes/shape-name'
import { issueWords } from '../store/rows'

/** What is known where and when a write is made. */
export interface Occasion {
  userId: string
  now: number
  /** The row as the writer sees it, unconfirmed writes included; null when it is not on this device. */
  row: JsonRow | null
  /** Place behind all other writes of this tab; the store gives the final one. */
  seq: number
}

/** A write that cannot be: it names columns the entity does not take, or values they cannot hold. */
export class InvalidWrite extends Error {
  override readonly name = 'InvalidWrite'
  constructor(
    readonly entity: string,
    readonly issues: string[],
  ) {
    super(`${entity}: ${issues.join('; ')}`)
  }
}

/** Fixes a write: id, key, values, base and time are what they are from now on. Throws `InvalidWrite`. */
export function makeEntry(entity: AnyEntity, intent: Intent, occasion: Occasion): OutboxEntry {
  const { now, row, seq, userId } = occasion
  const id = newKey()
  const write = wireWrite(entity, intent, { id, at: new Date(now).toISOString() }, row, userId)
  const columns = 'values' in write ? write.values : 'patch' in write ? (write.patch ?? {}) : {}
  const isTyping = intent.op === 'update' && intent.typing === true
  return {
    seq,
    write,
    origin: id,
    scope: scopeOfRow(entity, write.key, row ?? columns),
    label: entity.describe({ ...row, ...columns }),
    schema: SCHEMA_VERSION,
    at: now,
    holdUntil: intent.op === 'update' ? holdUntil(entity, Object.keys(columns), isTyping, now) : now,
    phase: { kind: 'storing' },
  }
}

function wireWrite(
  entity: AnyEntity,
  intent: Intent,
  made: { id: string; at: string },
  row: JsonRow | null,
  userId: string,
): WireWrite {
  const common = { ...made, entity: entity.name }
  switch (intent.op) {
    case 'insert': {
      const values = checked(entity, entity.insert, intent.values)
      const key = entity.derivedKey?.(values, userId) ?? intent.key ?? newKey()
      return { ...common, op: 'insert', key, values }
    }
    case 'update': {
      const patch = checked(entity, entity.patch, intent.patch)
      const seen = row ? { base: baseOf(row, patch), baseVersion: Number(row['version'] ?? 1) } : {}
      return { ...common, op: 'update', key: intent.key, patch, ...seen }
    }
    case 'delete':
      return { ...common, op: 'delete', key: intent.key }
    case 'restore': {
      const patch = intent.patch && checked(entity, entity.patch, intent.patch)
      return { ...common, op: 'restore', key: intent.key, ...(patch ? { patch } : {}) }
    }
    default:
      return unreachable(intent)
  }
}

/** What the writer saw in the fields they change. */
function baseOf(row: JsonRow, patch: JsonRow): JsonRow {
  return Object.fromEntries(Object.keys(patch).map((field) => [field, row[field] ?? null]))
}

/** What the schema makes of values; throws `InvalidWrite`. */
export function checked(entity: AnyEntity, schema: AnyEntity['insert'], values: JsonRow): JsonRow {
  const read = schema.safeParse(values)
  if (read.success) return read.data
  throw new InvalidWrite(entity.name, read.error.issues.map(issueWords))
}
