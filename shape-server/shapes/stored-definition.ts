import { createHash } from 'node:crypto'
import type { Table } from '../postgres/table'
import type { StoredShape } from '../storage/journal'
import { compileWhere } from '../where/compile'
import type { ShapeDefinition } from './definition'
import type { Shape } from './shape'

/** Names a table definition by its content. */
export function tableId(table: Table): string {
  return createHash('sha256').update(JSON.stringify(table)).digest('base64url').slice(0, 16)
}

/** What the journal keeps of a shape whose snapshot is complete. */
export function storeShape(shape: Shape): StoredShape {
  const { definition } = shape
  const point = shape.snapshotPoint
  if (!point) throw new Error('the snapshot has no point in time')
  return {
    handle: shape.handle,
    identity: shape.identity,
    table: tableId(definition.table),
    where: definition.whereText,
    params: definition.params,
    selected: definition.selected,
    hasExplicitColumns: definition.hasExplicitColumns,
    replica: definition.replica,
    log: definition.log,
    snapshot: {
      xmin: point.snapshot.xmin.toString(),
      xmax: point.snapshot.xmax.toString(),
      xip: point.snapshot.xip.map(String),
      until: point.until.toString(),
      chunkEnds: shape.snapshot.chunkEnds,
      crc: shape.snapshot.crc,
    },
  }
}

/** The definition as it was; null when its clause no longer compiles (a newer version may read it differently). */
export function restoreDefinition(stored: StoredShape, table: Table): ShapeDefinition | null {
  const compiled = stored.where === null ? null : compileWhere(stored.where, stored.params, table)
  if (compiled?.ok === false) return null
  return {
    table,
    selected: stored.selected,
    replica: stored.replica,
    where: compiled?.where ?? null,
    whereText: stored.where,
    params: stored.params,
    hasExplicitColumns: stored.hasExplicitColumns,
    log: stored.log,
  }
}
