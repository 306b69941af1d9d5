import 'client-only'
import { allEntities, entityNamed } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import { derivedUuid } from '@/lib/entity/keys'
import { mergeRow } from '@/lib/entity/merge/row'
import type { JsonRow } from '@/lib/protocol/json'
import type { RejectionCode, WireWrite, WriteResult, WritesRequest } from '@/lib/protocol/writes'
import { optimisticRow } from '../overlay/optimistic-row'
import { isVersioned, versionOf } from '../store/rows'
import { scopeColumn } from '../shapes/shape-name'

interface Change {
  entity: string
  key: string
  before: JsonRow | null
  after: JsonRow
  txid: number
}

/** Part of a shape's log. */
export interface LogChunk {
  messages: object[]
  /** Where it ends, as an offset. */
  end: string
  isUpToDate: boolean
}

/** A transaction id beyond 32 bits, as a database that has lived a while gives them. */
const FIRST_TXID = 2 ** 32 + 7_000

/**
 * What the doors promise, in memory: rows with versions, one log, exactly-once writes, questions. The oracle of the
 * model tests, and the scriptable door of everything that needs no database.
 */
export class ModelServer {
  /** Every row ever, deleted ones included, by entity and key. */
  readonly tables = new Map<string, Map<string, JsonRow>>(allEntities.map(({ name }) => [name, new Map()]))
  readonly log: Change[] = []
  /** How often each write id changed something. */
  readonly applications = new Map<string, number>()
  /** Says why a write is refused; null lets it pass. */
  refuses: (write: WireWrite, userId: string) => { code: RejectionCode; message: string } | null = () => null
  /** At most this many changes go in one answer of the read door. */
  chunkMax = Infinity
  readonly changed = new Set<() => void>()
  #outcomes = new Map<string, WriteResult>()
  #txid = FIRST_TXID
  #rotations = new Map<string, number>()
  #clock: () => number

  constructor(now: () => number) {
    this.#clock = now
  }

  /** Puts a row there as another part of the server would: memberships, fixtures. */
  seed(entity: string, row: JsonRow): JsonRow {
    const key = String(row['id'] as string)
    const whole = { ...this.#blank(entityOf(entity), key, row, null, null), ...row }
    this.#commit(entity, key, whole, ++this.#txid)
    this.#tell()
    return whole
  }

  /** Removes a row as a person at another device would. */
  remove(entity: string, key: string): void {
    const row = this.row(entity, key)
    if (!row) throw new Error(`no ${entity} ${key}`)
    this.#commit(
      entity,
      key,
      this.#touched(entityOf(entity), row, { deleted_at: this.#at() }, null, null),
      ++this.#txid,
    )
    this.#tell()
  }

  row(entity: string, key: string): JsonRow | null {
    return this.tables.get(entity)?.get(key) ?? null
  }

  /** Live rows of a shape. */
  shapeRows(entity: string, scope: string | null, userId: string): JsonRow[] {
    return [...(this.tables.get(entity)?.values() ?? [])].filter((row) => isIn(entityOf(entity), scope, userId, row))
  }

  /** Makes every shape of an entity begin anew. */
  rotate(entity: string): void {
    this.#rotations.set(entity, (this.#rotations.get(entity) ?? 0) + 1)
    this.#tell()
  }

  handle(entity: string, scope: string | null, userId: string): string {
    return `${entity}-${scope ?? userId}-${this.#rotations.get(entity) ?? 0}`
  }

  /** The end of the log, as an offset. */
  get end(): string {
    return `${this.log.length + 1}_0`
  }

  /** The snapshot of a shape: rows and what they contain. */
  snapshot(entity: string, scope: string | null, userId: string): object[] {
    const rows = entityOf(entity).history ? [] : this.shapeRows(entity, scope, userId)
    const next = String(this.#txid + 1)
    return [
      ...rows.map((value) => ({ key: String(value['id'] as string), value, headers: { operation: 'insert' } })),
      { headers: { control: 'snapshot-end', xmin: next, xmax: next, xip_list: [] } },
    ]
  }

  /** What a shape's log says after an offset, up to the end of the log or `changesMax` changes further. */
  since(entity: string, scope: string | null, userId: string, offset: string, changesMax = Infinity): LogChunk {
    const from = Number(offset.split('_')[0]) - 1
    const to = Math.min(this.log.length, from + changesMax)
    const messages = this.#messages(entity, scope, userId, from, to)
    return { messages, end: `${to + 1}_0`, isUpToDate: to === this.log.length }
  }

  #messages(entity: string, scope: string | null, userId: string, from: number, to: number): object[] {
    const declared = entityOf(entity)
    return this.log.slice(from, to).flatMap((change) => {
      if (change.entity !== entity) return []
      const was = change.before !== null && isIn(declared, scope, userId, change.before)
      const is = isIn(declared, scope, userId, change.after)
      if (!was && !is) return []
      const operation = !is ? 'delete' : was ? 'update' : 'insert'
      const value = operation === 'insert' ? change.after : changedColumns(change, operation === 'delete')
      return [{ key: change.key, value, headers: { operation, txids: [change.txid % 2 ** 32] } }]
    })
  }

  /** `POST /api/writes` without its envelope. */
  write(request: WritesRequest, userId: string): WriteResult[] {
    const refused = new Map<string, WireWrite>()
    const results = request.writes.map((write) => {
      const known = this.#outcomes.get(`${userId}/${write.id}`)
      if (known) return known
      const result = this.#writeOne(write, userId, request.clientId ?? null, refused)
      if (result.status === 'rejected') refused.set(write.id, write)
      else this.#outcomes.set(`${userId}/${write.id}`, result)
      return result
    })
    this.#tell()
    return results
  }

  #writeOne(
    write: WireWrite,
    userId: string,
    clientId: string | null,
    refused: ReadonlyMap<string, WireWrite>,
  ): WriteResult {
    const { id, key } = write
    const refusal = isBlocked(write, refused)
      ? { code: 'blocked' as const, message: 'blocked' }
      : this.refuses(write, userId)
    if (refusal) return { id, status: 'rejected', ...refusal, issues: [] }
    const entity = entityOf(write.entity)
    const row = this.row(entity.name, key)
    const txid = ++this.#txid
    const isDerived = write.op === 'insert' && row !== null && entity.derivedKey !== undefined
    if (write.op === 'insert' && !isDerived) {
      if (row) return { id, status: 'rejected', code: 'invalid', message: 'exists', issues: [] }
      return this.#insert(write, entity, userId, clientId, txid)
    }
    if (!row) return { id, status: 'rejected', code: 'not_found', message: 'gone', issues: [] }
    switch (write.op) {
      case 'delete':
        if (row['deleted_at'] !== null) return this.#applied(id, null, row)
        return this.#change(id, entity, row, { deleted_at: this.#at() }, userId, clientId, txid)
      case 'restore':
        return this.#change(id, entity, row, { deleted_at: null, ...write.patch }, userId, clientId, txid)
      case 'insert':
        return this.#merge(id, entity, row, write.values, {}, userId, clientId, txid)
      case 'update':
        if (row['deleted_at'] !== null)
          return conflict(id, null, row, [
            { field: 'deleted_at', base: null, yours: null, theirs: row['deleted_at'] ?? null },
          ])
        return this.#merge(id, entity, row, write.patch, write.base ?? {}, userId, clientId, txid)
    }
  }

  #insert(
    write: Extract<WireWrite, { op: 'insert' }>,
    entity: AnyEntity,
    userId: string,
    clientId: string | null,
    txid: number,
  ): WriteResult {
    const row = this.#blank(entity, write.key, write.values, userId, clientId)
    this.#commit(entity.name, write.key, row, txid)
    const actor = { user_id: userId, name: null, avatar_url: null }
    for (const [position, also] of (entity.also?.(write.key, write.values, actor) ?? []).entries()) {
      const key = derivedUuid(write.id, String(position))
      this.#commit(also.entity, key, this.#blank(entityOf(also.entity), key, also.values, userId, clientId), txid)
    }
    this.#count(write.id)
    return this.#applied(write.id, txid, row)
  }

  #merge(
    id: string,
    entity: AnyEntity,
    row: JsonRow,
    patch: JsonRow,
    base: JsonRow,
    userId: string,
    clientId: string | null,
    txid: number,
  ): WriteResult {
    const { changes, clashes } = mergeRow(entity, patch, base, row)
    const isChanged = Object.keys(changes).length > 0
    const result = isChanged
      ? this.#change(id, entity, row, changes, userId, clientId, txid)
      : this.#applied(id, null, row)
    if (clashes.length === 0) return result
    this.#count(id)
    const now = this.row(entity.name, String(row['id'] as string)) ?? row
    for (const { field, base: seen, yours, theirs } of clashes) {
      const key = derivedUuid(id, `conflict:${field}`)
      const scope = row[entity.scope.column] ?? null
      this.#commit(
        'conflicts',
        key,
        this.#blank(
          entityOf('conflicts'),
          key,
          {
            scope_id: scope,
            entity: entity.name,
            entity_id: row['id'] ?? null,
            field,
            base: seen,
            current_value: theirs,
            offered_value: yours,
            offered_by: userId,
            write_id: id,
          },
          userId,
          clientId,
        ),
        txid,
      )
    }
    return conflict(id, String(txid), now, clashes)
  }

  #change(
    id: string,
    entity: AnyEntity,
    row: JsonRow,
    changes: JsonRow,
    userId: string,
    clientId: string | null,
    txid: number,
  ): WriteResult {
    const after = this.#touched(entity, row, changes, userId, clientId)
    this.#commit(entity.name, String(row['id'] as string), after, txid)
    this.#count(id)
    return this.#applied(id, txid, after)
  }

  #applied(id: string, txid: number | null, row: JsonRow): WriteResult {
    return { id, status: 'applied', txid: txid === null ? null : String(txid), version: versionOf(row) }
  }

  #count(id: string): void {
    this.applications.set(id, (this.applications.get(id) ?? 0) + 1)
  }

  #blank(entity: AnyEntity, key: string, values: JsonRow, userId: string | null, clientId: string | null): JsonRow {
    const actor = { user_id: userId ?? key, name: null, avatar_url: null }
    return optimisticRow(entity, key, values, this.#at(), { actor, clientId })
  }

  #touched(entity: AnyEntity, row: JsonRow, changes: JsonRow, userId: string | null, clientId: string | null): JsonRow {
    const version = isVersioned(entity) ? { version: versionOf(row) + 1 } : {}
    return { ...row, ...changes, ...version, updated_at: this.#at(), updated_by: userId, updated_by_client: clientId }
  }

  #commit(entity: string, key: string, after: JsonRow, txid: number): void {
    const table = this.tables.get(entity)
    this.log.push({ entity, key, before: table?.get(key) ?? null, after, txid })
    table?.set(key, after)
  }

  #at(): string {
    return new Date(this.#clock()).toISOString()
  }

  #tell(): void {
    for (const listener of this.changed) listener()
  }
}

function entityOf(name: string): AnyEntity {
  const entity = entityNamed(name)
  if (!entity) throw new Error(`no entity ${name}`)
  return entity
}

function isIn(entity: AnyEntity, scope: string | null, userId: string, row: JsonRow): boolean {
  return (row['deleted_at'] ?? null) === null && row[scopeColumn(entity, scope)] === (scope ?? userId)
}

function changedColumns({ key, before, after }: Change, onlyKey: boolean): JsonRow {
  if (onlyKey) return { id: key }
  const changed = Object.entries(after).filter(
    ([name, value]) => JSON.stringify(before?.[name]) !== JSON.stringify(value),
  )
  return { id: key, ...Object.fromEntries(changed) }
}

function isBlocked(write: WireWrite, refused: ReadonlyMap<string, WireWrite>): boolean {
  return [...refused.values()].some((earlier) => {
    if (earlier.entity !== write.entity || earlier.key !== write.key) return false
    if (earlier.op === 'insert') return true
    return (
      earlier.op === 'update' &&
      write.op === 'update' &&
      Object.keys(write.patch).some((field) => field in earlier.patch)
    )
  })
}

function conflict(
  id: string,
  txid: string | null,
  current: JsonRow,
  fields: Extract<WriteResult, { status: 'conflict' }>['fields'],
): WriteResult {
  return { id, status: 'conflict', txid, version: versionOf(current), current, fields }
}
