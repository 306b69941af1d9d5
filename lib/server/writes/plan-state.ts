import 'server-only'
import type { AnyEntity } from '@/lib/entity/define'
import type { Reference } from '@/lib/entity/define'
import type { BandRole, ProjectRole, Viewer } from '@/lib/entity/viewer'
import { textIn, type JsonRow } from '@/lib/protocol/json'
import type { FieldClash, WriteOp } from '@/lib/protocol/writes'
import type { Rejection } from './outcome'
import type { RejectedWrites } from './rejected'
import { rowId } from './row-id'

/** One thing to do to one row. Operations of one level do not depend on each other and may share a statement. */
export type RowOp = { entity: AnyEntity; key: string; level: number } & (
  { kind: 'insert' | 'update'; columns: JsonRow } | { kind: 'delete-container' | 'restore-container' }
)

/** A row as the writes planned so far leave it. */
export interface WorkingRow {
  entity: AnyEntity
  key: string
  row: JsonRow
  /** The columns that writes planned so far set. */
  changed: Set<string>
  /** The last planned operation on it; null while it is as it was read. */
  lastOp: RowOp | null
}

/** What history will say about a write. */
export interface LoggedChange {
  op: WriteOp
  rowOp: RowOp
  fields: string[]
}

/** What one write comes to. `row` is the row whose version answers, as it is after `row.lastOp` at this point. */
export type Decision =
  | Rejection
  | { kind: 'applied'; subject: Subject; logged: LoggedChange | null; isChange: boolean }
  | { kind: 'conflict'; subject: Subject; logged: LoggedChange | null; clashes: FieldClash[] }

/** A row after an operation, or as it was read. */
export interface Subject {
  entity: AnyEntity
  key: string
  after: RowOp | null
}

/** The viewer, who gains a container by making one. */
export interface PlanningViewer extends Viewer {
  bands: Map<string, BandRole>
  projects: Map<string, ProjectRole>
}

/** All that decides about the writes of one segment, read before the first decision. */
export interface PlanState {
  viewer: PlanningViewer
  /** Every row a write names, by `rowId`, as the viewer may see it. */
  rows: Map<string, WorkingRow>
  /** Rows in the viewer's scopes that their role may not even read, by `rowId`. */
  unreadable: Set<string>
  /** Scope value of every referenced row the viewer may see, by `rowId`. */
  referenced: Map<string, string>
  /** The viewer's open questions, by `questionId`. */
  openQuestions: Map<string, WorkingRow>
  rejected: RejectedWrites
  ops: RowOp[]
  /** The questions among them that show a value, of which history may tell who wrote it. */
  asked: AskedOp[]
  /** Operations that make a container usable for the rows in it, by scope value. */
  containerLevels: Map<string, number>
}

/** An operation that shows people the current value of a field. */
export interface AskedOp {
  op: RowOp
  entityId: string
  field: string
}

/** Names the one open question a person may have about a field of a row. */
export function questionId(entityName: string, key: string, field: string): string {
  return `${entityName}:${key}:${field}`
}

/** Plans an operation: after everything before it on the same row, and after the rows it builds on. */
export function addOp(
  state: PlanState,
  op: { entity: AnyEntity; key: string } & (
    { kind: 'insert' | 'update'; columns: JsonRow } | { kind: 'delete-container' | 'restore-container' }
  ),
  buildsOn: { rows?: readonly string[]; scope?: string } = {},
): RowOp {
  const own = rowId(op.entity, op.key)
  const levels = [own, ...(buildsOn.rows ?? [])].map((id) => state.rows.get(id)?.lastOp?.level ?? -1)
  const scopeLevel = buildsOn.scope === undefined ? -1 : (state.containerLevels.get(buildsOn.scope) ?? -1)
  const planned: RowOp = { ...op, level: Math.max(...levels, scopeLevel) + 1 }
  state.ops.push(planned)
  return planned
}

/** The value of the scope column of a row, or of the columns of an insert. */
export function scopeValue(entity: AnyEntity, key: string, columns: JsonRow, userId: string): string | null {
  if (entity.scope.column === 'id') return key
  if (entity.scope.kind === 'user') return userId
  const value = columns[entity.scope.column]
  return typeof value === 'string' ? value : null
}

/** A row that another names, with where it was named. */
export interface NamedRow {
  entityName: string
  key: string
  within: Reference['within']
  path: string
}

/** The rows that these columns name. `row` gives the columns that only say of which entity a name is. */
export function namedRows(entity: AnyEntity, columns: JsonRow, row: JsonRow = columns): NamedRow[] {
  return entity.references.flatMap((reference): NamedRow[] => {
    const value = columns[reference.column]
    if (value === undefined || value === null) return []
    const { within, column } = reference
    if ('item' in reference) {
      if (!Array.isArray(value)) return []
      return value.flatMap((item, index) => {
        const key = typeof item === 'object' && item !== null && !Array.isArray(item) ? item[reference.item] : undefined
        const path = `${column}.${index}.${reference.item}`
        return typeof key === 'string' ? [{ entityName: reference.entity, key, within, path }] : []
      })
    }
    if (typeof value !== 'string') return []
    const entityName = 'by' in reference ? reference.entities[textIn(row, reference.by)] : reference.entity
    // A polymorphic column whose kind names no entity must stay empty: an entity name that nothing has finds nothing.
    return [{ entityName: entityName ?? '', key: value, within, path: column }]
  })
}
