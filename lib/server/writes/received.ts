import 'server-only'
import { entityNamed, SCHEMA_VERSION } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import { isUuid } from '@/lib/entity/fields'
import { upgradeColumns } from '@/lib/entity/upgrade'
import { isJsonObject, type JsonRow } from '@/lib/protocol/json'
import type { WriteOp } from '@/lib/protocol/writes'
import { contentHash, isTooDeep } from './content-hash'
import { forbidden, invalid, type Rejection } from './outcome'

interface Target {
  id: string
  entity: AnyEntity
  /** The row's key, lower case. */
  key: string
}

/** A write whose every value fits its entity's declaration. */
export type Write =
  | (Target & { op: 'insert'; values: JsonRow })
  | (Target & { op: 'update'; patch: JsonRow; base: JsonRow })
  | (Target & { op: 'delete' })
  | (Target & { op: 'restore'; patch: JsonRow })

/** A write as it came: understood, or refused for what it says. What it meant to touch blocks the writes that build on it. */
export type Received = {
  /** As it came: it names the answer. */
  id: string
  /** The id as it is stored; null when it is none. */
  writeId: string | null
  hash: string
} & ({ kind: 'understood'; write: Write } | { kind: 'malformed'; rejection: Rejection; meant: MeantTarget | null })

/** As much of a malformed write as could be read. */
export interface MeantTarget {
  entity: AnyEntity
  key: string
  op: WriteOp
  fields: string[]
}

export interface ReadOptions {
  /** Finds an entity by its name. */
  named?: (name: string) => AnyEntity | null
  /** The version the write was made under, and the one it is brought up to. */
  schema?: { from: number; to: number }
}

const OPS: ReadonlySet<unknown> = new Set<WriteOp>(['insert', 'update', 'delete', 'restore'])
const COMMON_KEYS = ['id', 'entity', 'op', 'key', 'at', 'base', 'baseVersion']
const COLUMN_KEY: Record<WriteOp, 'values' | 'patch' | null> = {
  insert: 'values',
  update: 'patch',
  delete: null,
  restore: 'patch',
}

/** Reads one write against its entity's declaration. */
export function readWrite(raw: unknown, options: ReadOptions = {}): Received {
  const id = isJsonObject(raw) && typeof raw['id'] === 'string' ? raw['id'].slice(0, 100) : ''
  if (!isJsonObject(raw) || isTooDeep(raw)) {
    const rejection = invalid('write: is not a JSON object of a few levels')
    return { id, writeId: null, hash: '', kind: 'malformed', rejection, meant: null }
  }
  const hash = contentHash(raw)
  const writeId = isUuid(id) ? id.toLowerCase() : null
  const malformed = (rejection: Rejection, meant: MeantTarget | null = null): Received => {
    return { id, writeId, hash, kind: 'malformed', rejection, meant }
  }
  const { entity: entityName, op, key } = raw
  if (writeId === null) return malformed(invalid('id: is not a uuid'))
  const entity = typeof entityName === 'string' ? (options.named ?? entityNamed)(entityName) : null
  if (!entity) return malformed(invalid('entity: is not known'))
  if (!isOp(op)) return malformed(invalid('op: is not insert, update, delete or restore'))
  if (!isUuid(key)) return malformed(invalid('key: is not a uuid'))
  const target = { id: writeId, entity, key: key.toLowerCase() }
  const read = readColumns(raw, target, op, options.schema ?? { from: SCHEMA_VERSION, to: SCHEMA_VERSION })
  if ('kind' in read) return malformed(read, { entity, key: target.key, op, fields: columnNames(raw, op) })
  return { id, writeId, hash, kind: 'understood', write: read }
}

function isOp(op: unknown): op is WriteOp {
  return OPS.has(op)
}

function columnNames(raw: Record<string, unknown>, op: WriteOp): string[] {
  const columns = raw[COLUMN_KEY[op] ?? ''] ?? {}
  return isJsonObject(columns) ? Object.keys(columns) : []
}

function readColumns(
  raw: Record<string, unknown>,
  target: Target,
  op: WriteOp,
  schema: { from: number; to: number },
): Write | Rejection {
  const { entity } = target
  const columnKey = COLUMN_KEY[op]
  const unknown = Object.keys(raw).filter((name) => name !== columnKey && !COMMON_KEYS.includes(name))
  if (unknown.length > 0) return invalid(...unknown.map((name) => `${printable(name)}: does not belong to ${op}`))
  if (entity.writes === 'presence') return invalid(`entity: ${entity.name} has a door of its own`)
  if (entity.writes === 'none') return forbidden(`Nobody changes ${entity.name}: they are written by the server.`)
  const upgrade = (columns: unknown) =>
    isJsonObject(columns) ? upgradeColumns(entity, columns as JsonRow, schema.from, schema.to) : columns
  switch (op) {
    case 'insert': {
      if (entity.access.insert.length === 0) return forbidden()
      const values = parseColumns(entity.insert, upgrade(raw['values']), 'values')
      return values.ok ? { ...target, op, values: values.columns } : values.rejection
    }
    case 'update': {
      const patch = parseColumns(entity.patch, upgrade(raw['patch']), 'patch')
      if (!patch.ok) return patch.rejection
      const base = readBase(entity, patch.columns, upgrade(raw['base'] ?? {}))
      return base.ok ? { ...target, op, patch: patch.columns, base: base.columns } : base.rejection
    }
    case 'restore': {
      const patch = parseColumns(entity.patch, upgrade(raw['patch'] ?? {}), 'patch')
      return patch.ok ? { ...target, op, patch: patch.columns } : patch.rejection
    }
    case 'delete':
      return { ...target, op }
  }
}

type Columns = { ok: true; columns: JsonRow } | { ok: false; rejection: Rejection }

function parseColumns(schema: AnyEntity['patch'], columns: unknown, where: string): Columns {
  const parsed = schema.safeParse(columns)
  if (!parsed.success) return { ok: false, rejection: invalid(...parsed.error.issues.map((i) => issueLine(where, i))) }
  return { ok: true, columns: withoutUndefined(parsed.data) }
}

/** What the writer had seen of the fields they change. Other fields decide nothing and are left out. */
function readBase(entity: AnyEntity, patch: JsonRow, base: unknown): Columns {
  if (!isJsonObject(base)) return { ok: false, rejection: invalid('base: is not an object') }
  const seen: JsonRow = {}
  for (const name of Object.keys(patch)) {
    if (!Object.hasOwn(base, name)) continue
    const parsed = entity.fields[name]?.schema.safeParse(base[name])
    if (!parsed?.success) return { ok: false, rejection: invalid(`base.${name}: is not a value of this column`) }
    seen[name] = parsed.data as JsonRow[string]
  }
  return { ok: true, columns: seen }
}

function withoutUndefined(columns: JsonRow): JsonRow {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined))
}

interface SchemaIssue {
  code?: string | undefined
  path: readonly PropertyKey[]
  message: string
  keys?: readonly string[]
}

const ISSUE_PATH_MAX = 80

function issueLine(where: string, issue: SchemaIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const names = (issue.keys ?? []).slice(0, 5).map(printable).join(', ')
    return `${where}: ${names} cannot be set here`
  }
  const path = [where, ...issue.path.map((part) => printable(String(part)))].join('.')
  return `${path}: ${issue.message === 'Invalid input' ? 'is missing or of the wrong kind' : issue.message}`
}

/** A name from outside, cut to what a line of an answer can carry. */
function printable(name: string): string {
  return name.length > ISSUE_PATH_MAX ? `${name.slice(0, ISSUE_PATH_MAX)}…` : name.toWellFormed()
}
